"""The function handler that awslambdaric calls."""

from mangum import Mangum

from webapp.entrypoints.asgi import application

# Mangum would enter the lifespan anew for each invocation, and close the connections with it.
handler = Mangum(application, lifespan="off")
