"""The availability zones of a region, and those that suit a new network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The ids are the same in all accounts, and the names are not. RDS Proxy is missing in both zones, and Fargate on arm64
# in the first one.
UNSUITABLE: Mapping[str, str] = {"use1-az3": "RDS Proxy", "usw1-az2": "RDS Proxy"}


@dataclass(frozen=True)
class AvailabilityZone:
    """A zone: its name in this account, such as us-east-1a, and its id, such as use1-az1."""

    name: str
    id: str

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def is_suitable(self) -> bool:
        """Whether every service of the templates is available there."""
        return self.id not in UNSUITABLE


def available_zones(client: Any) -> list[AvailabilityZone]:
    """Return the zones in which the account may create subnets, by name; local zones are not among them."""
    found = client.describe_availability_zones(
        Filters=[
            {"Name": "zone-type", "Values": ["availability-zone"]},
            {"Name": "state", "Values": ["available"]},
        ]
    )["AvailabilityZones"]
    zones = [AvailabilityZone(each["ZoneName"], each["ZoneId"]) for each in found]
    return sorted(zones, key=lambda zone: zone.name)


def choose_zones(zones: Sequence[AvailabilityZone]) -> tuple[AvailabilityZone, ...]:
    """Return the first two zones, suitable ones first; fewer if there are no two."""
    return tuple(sorted(zones, key=lambda zone: (not zone.is_suitable, zone.name))[:2])


def zones_of_subnets(client: Any, subnets: Sequence[str]) -> list[AvailabilityZone]:
    """Return the zones of existing subnets."""
    found = client.describe_subnets(Filters=[{"Name": "subnet-id", "Values": list(subnets)}])["Subnets"]
    return [AvailabilityZone(each["AvailabilityZone"], each["AvailabilityZoneId"]) for each in found]
