"""Fetches templates from S3."""

from tests.deploy.standin.cloudformation.template import invalid, parse_template
from tests.deploy.standin.world import World


async def fetch_template(world: World, url: str, region: str) -> str:
    """Return the template at an S3 URL, with the bucket in the host name or in the path."""
    host, _, path = url.partition("://")[2].partition("/")
    bucket = host.partition(".s3")[0] if ".s3" in host else None
    path = path if bucket is None else f"{bucket}/{path}"
    credential = f"CLOUDFORMATION/20260101/{region}/s3/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"}
    answer = await world.moto.forward("GetObject", method="GET", path=f"/{path}", headers=signed, body=b"")
    if answer.status != 200:
        raise invalid(f"S3 error: Access Denied, or there is no {url}")
    body = answer.body.decode()
    parse_template(body)
    return body
