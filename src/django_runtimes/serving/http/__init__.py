"""The workers' HTTP/1.1 server: uvicorn's protocol with limits on sizes, times and numbers."""
