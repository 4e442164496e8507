from django_runtimes.compare.meters.steady_opens import SteadyOpens

READ, WRITE = ("read", 25.0), ("write", 25.0)


def test_a_connection_belongs_to_the_block_that_began_last():
    opens = SteadyOpens()

    opens.read(100, None)
    for opened, key in [(100, READ), (103, WRITE), (104, READ), (110, None)]:
        opens.read(opened, key)

    assert opens.of(READ) == 9
    assert opens.of(WRITE) == 1


def test_blocks_that_open_nothing_count_as_zero():
    opens = SteadyOpens()

    opens.read(8, READ)
    opens.read(8, None)

    assert opens.of(READ) == 0
    assert opens.of(("burst", None)) is None
