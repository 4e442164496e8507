"""A client of an example's server."""

import json
from http.client import HTTPConnection

_HEADERS = {"Host": "shop.example", "X-Forwarded-Proto": "https"}


class Client:
    """Sends requests as a load balancer does, with the cookies it has received."""

    def __init__(self, port):
        self._port = port
        self.cookies = {}

    def ask(self, method, path, body=None):
        connection = HTTPConnection("127.0.0.1", self._port, timeout=120)
        headers = dict(_HEADERS)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers |= {
                "Content-Type": "application/json",
                "X-CSRFToken": self.cookies["csrftoken"],
                "Origin": "https://shop.example",
            }
        connection.request(method, path, body and json.dumps(body), headers)
        response = connection.getresponse()
        content = response.read()
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return response, content
