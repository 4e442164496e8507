from django_runtimes.compare.load.ledger import Ledger, Reconciliation


def ledger_with(*, acknowledged: int, ambiguous: int) -> tuple[Ledger, list[str], list[str]]:
    ledger = Ledger("run", 2)
    keys = [ledger.open_key() for _ in range(acknowledged + ambiguous)]
    for key in keys[:acknowledged]:
        ledger.acknowledge(key)
    return ledger, keys[:acknowledged], keys[acknowledged:]


def test_each_key_names_run_and_target_and_is_unique():
    ledger = Ledger("20261123-060000", 2)

    assert [ledger.open_key(), ledger.open_key()] == ["20261123-060000-2-0", "20261123-060000-2-1"]


def test_a_write_without_its_expected_answer_is_ambiguous():
    ledger, _, _ = ledger_with(acknowledged=3, ambiguous=2)

    assert (ledger.sent, ledger.acknowledged, ledger.ambiguous) == (5, 3, 2)


def test_acknowledged_and_committed_ambiguous_writes_account_for_every_row():
    ledger, acknowledged, ambiguous = ledger_with(acknowledged=3, ambiguous=2)

    assert ledger.reconcile([*acknowledged, ambiguous[0]]) == Reconciliation(
        acknowledged_writes=3, ambiguous_committed=1, rows_found=4, violations=()
    )


def test_a_lost_write_is_a_violation():
    ledger, acknowledged, _ = ledger_with(acknowledged=3, ambiguous=0)

    assert ledger.reconcile(acknowledged[1:]).violations == ("acknowledged writes without a row: 1, such as 'run-2-0'",)


def test_a_write_done_twice_is_a_violation_whether_acknowledged_or_not():
    ledger, acknowledged, ambiguous = ledger_with(acknowledged=1, ambiguous=1)

    found = ledger.reconcile([*acknowledged * 2, *ambiguous * 2])

    assert found.violations == ("keys in more than one row: 2, such as 'run-2-0'",)
    assert found.rows_found == 4


def test_a_row_with_an_unknown_key_is_a_violation():
    ledger, acknowledged, _ = ledger_with(acknowledged=1, ambiguous=0)

    assert ledger.reconcile([*acknowledged, "stranger"]).violations == (
        "keys found in rows but never sent: 1, such as 'stranger'",
    )


def test_a_run_without_writes_and_rows_has_no_violation():
    assert Ledger("run", 0).reconcile([]).violations == ()
