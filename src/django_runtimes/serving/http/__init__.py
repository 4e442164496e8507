"""HTTP/1.1 as the workers speak it: uvicorn's protocol within limits of size, time and number."""
