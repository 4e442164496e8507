"""AWS Lambda emulated: real `awslambdaric` processes behind our own Runtime API and function URL."""
