class ReplicaRouter:
    """Reads items from the replica."""

    def db_for_read(self, model, **hints):
        return "replica" if model._meta.app_label == "items" else None

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, one, other, **hints):
        return True

    def allow_migrate(self, db, app_label, **hints):
        return db == "default"
