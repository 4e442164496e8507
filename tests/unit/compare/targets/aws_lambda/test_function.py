from pathlib import Path

from django_runtimes.compare.emulator.lambda_function import Function


def environ_of(**own):
    function = Function("guestbook", "app.handler", own, Path("logs"), memory_mb=512, task_root=Path("/var/task"))
    return function.process_environ(runtime_api="127.0.0.1:9001", log_stream="2026/11/23/[$LATEST]abc")


def test_a_process_gets_lambdas_variables_and_the_functions_own():
    environ = environ_of(DATABASE_URL="postgresql://db/guestbook")

    execution_env = environ.pop("AWS_EXECUTION_ENV")
    assert execution_env.startswith("AWS_Lambda_python3.")
    assert environ == {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "guestbook",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/guestbook",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]abc",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_REGION": "us-east-1",
        "DATABASE_URL": "postgresql://db/guestbook",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    }


def test_a_function_may_set_its_time_zone_but_no_reserved_variable():
    environ = environ_of(TZ="Europe/Oslo", AWS_LAMBDA_FUNCTION_NAME="another")

    assert environ["TZ"] == "Europe/Oslo"
    assert environ["AWS_LAMBDA_FUNCTION_NAME"] == "guestbook"


def test_the_arn_names_the_function():
    function = Function("guestbook", "app.handler", {}, Path("logs"))

    assert function.arn == "arn:aws:lambda:us-east-1:123456789012:function:guestbook"
