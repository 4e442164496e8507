"""One Django codebase that runs on Lambda, App Runner, ECS or a laptop, and the tools to choose between them."""
