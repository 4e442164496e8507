"""The types of EC2 instances on which the model puts execution environments of Managed Instances."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Ec2Type:
    """A type of EC2 instances, with all its vCPUs and its whole memory."""

    name: str
    vcpu: Decimal
    memory_gb: Decimal

    @property
    def price_key(self) -> str:
        """The key of the type's hourly price."""
        return f"ec2_{self.name.replace('.', '_')}_hour"

    @property
    def gb_per_vcpu(self) -> str:
        """The memory for each vCPU, in the form of the KEY of that name."""
        return f"{(self.memory_gb / self.vcpu).normalize():f}"


# The families of a recent generation with 2, 4 and 8 GB for each vCPU, those on x86 first.
_FAMILIES = {"c7i": 2, "m7i": 4, "r7i": 8, "c7g": 2, "m7g": 4, "r7g": 8}
# The smallest sizes that Lambda accepts.
_VCPUS = {"large": 2, "xlarge": 4, "2xlarge": 8}
EC2_TYPES = tuple(
    Ec2Type(f"{family}.{size}", Decimal(vcpu), Decimal(vcpu * gb_per_vcpu))
    for family, gb_per_vcpu in _FAMILIES.items()
    for size, vcpu in _VCPUS.items()
)
# The value of the KEY instance_type with which the model chooses the type.
SMALLEST = "smallest"
