from accounts.models import Account
from django.db import connection
from django.test import TestCase, TransactionTestCase
from items.models import Item


class ReplicaTest(TransactionTestCase):
    """The replica sees committed rows."""

    databases = {"default", "replica"}

    def test_items_are_listed(self):
        Item.objects.create(name="bolt", count=3)

        self.assertEqual(self.client.get("/items/").json()["items"][0]["name"], "bolt")


class ItemsTest(TestCase):
    def test_a_visitor_adds_nothing(self):
        self.assertEqual(self.client.post("/items/", {}, content_type="application/json").status_code, 403)

    def test_an_account_adds_an_item(self):
        self.client.force_login(Account.objects.create_user("ada@stock.example"))

        answer = self.client.post("/items/", {"name": "nut"}, content_type="application/json")

        self.assertEqual(answer.status_code, 201)

    def test_requests_are_atomic(self):
        self.assertTrue(connection.settings_dict["ATOMIC_REQUESTS"])
