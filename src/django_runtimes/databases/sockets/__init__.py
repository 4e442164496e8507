"""What engines share whose connections are sockets: logins, forks, rests and the end of threads."""
