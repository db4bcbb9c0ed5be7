"""When a recurring run starts: what Kubeflow would misread, or never start, is told in a line."""

import pytest

from kubeflow.cron import FIELDS, SHORTHANDS, check_cron
from trainer.errors import UsageError


@pytest.mark.parametrize(
    "text, given",
    [
        ("0 0 3 * * 1", "0 0 3 * * 1"),
        ("  0   30 2 1,15 * ? ", "0 30 2 1,15 * ?"),
        ("0 */20 8-18/2 * JAN-mar MON-FRI", "0 */20 8-18/2 * JAN-mar MON-FRI"),
        ("59 59 23 31 12 6", "59 59 23 31 12 6"),
        ("0 0 0 29 2 *", "0 0 0 29 2 *"),
        ("0 0 0 31 2 1", "0 0 0 31 2 1"),  # either the day or the weekday
        ("0 5/10 3 * * *", "0 5/10 3 * * *"),
        *((word, word) for word in SHORTHANDS),
    ],
)
def test_what_kubeflow_reads_as_it_is_meant_passes(text: str, given: str) -> None:
    assert check_cron(text) == given


@pytest.mark.parametrize("text, count", [("0 3 * * 1", 5), ("", 0), ("0 0 3 * * 1 2027", 7), ("@fortnightly", 1)])
def test_another_number_of_fields_is_told_with_their_names(text: str, count: int) -> None:
    with pytest.raises(UsageError) as told:
        check_cron(text)
    assert str(told.value) == (
        f"--cron '{text}' has {count} fields; Kubeflow reads six, second minute hour day month weekday, such as "
        "'0 0 3 * * 1' for Mondays at 3:00; or give one of @hourly, @daily, @weekly, @monthly"
    )


@pytest.mark.parametrize(
    "text, fault",
    [
        ("0 0 24 * * 1", "hour is '24'; allowed are 0 to 23, lists (1,2), ranges (1-3), steps (*/2) and *"),
        ("0 60 3 * * 1", "minute is '60'; allowed are 0 to 59, lists"),
        ("0 0 3 0 * 1", "day is '0'; allowed are 1 to 31, lists"),
        ("0 0 3 * 13 1", "month is '13'; allowed are 1 to 12 or JAN to DEC, lists"),
        ("0 0 3 * * 7", "weekday is '7'; allowed are 0 to 6 or SUN to SAT, lists"),
        ("0 0 3 * * MONDAY", "weekday is 'MONDAY'; allowed"),
        ("0 0 5-3 * * *", "hour is '5-3'; allowed"),
        ("0 */0 3 * * *", "minute is '*/0'; allowed"),
        ("0 0 3, * * *", "hour is '3,'; allowed"),
        ("0 0 3-4-5 * * *", "hour is '3-4-5'; allowed"),
        ("0 0 L * * *", "hour is 'L'; allowed"),
        ("0 0 -1 * * *", "hour is '-1'; allowed"),
        ("0 0 ٣ * * *", "hour is '٣'; allowed"),
        ("* 0 3 * * 1", "second is '*', several starts a minute; give one number, 0 to 59"),
        ("0,30 0 3 * * 1", "second is '0,30', several starts a minute; give one number, 0 to 59"),
        ("0 0 3 31 2,4 *", "day is '31', which no month of '2,4' has; it would never start"),
    ],
)
def test_a_faulty_field_is_named_with_its_value_and_what_is_allowed(text: str, fault: str) -> None:
    with pytest.raises(UsageError) as told:
        check_cron(text)
    (line,) = str(told.value).splitlines()
    assert line.startswith(f"--cron '{text}': {fault}")


def test_every_faulty_field_is_a_line() -> None:
    with pytest.raises(UsageError) as told:
        check_cron("a b c d e f")
    lines = str(told.value).splitlines()
    assert [line.partition("': ")[2].split(" is ")[0] for line in lines] == [field.name for field in FIELDS]
