from components.data_audit.copies import check_copies
from components.manifest_gen.rows import ManifestRow


def row(group: str, label: str = "covid") -> ManifestRow:
    values = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    return ManifestRow(**{**values, "group": group, "label": label, "split": "train"})  # type: ignore[arg-type]


def test_copies_in_one_split_are_told_and_pass() -> None:
    copies, conflict = check_copies([row("a"), row("a"), row("b"), row("b"), row("b"), row("")], "group")
    assert (copies.verdict, copies.value, conflict.verdict) == ("pass", 2, "pass")
    expected = "2 films stand there more than once, 5 times in all, each in one split only: group a, b in manifest.csv"
    assert copies.message == expected


def test_copies_stop_a_run_that_wants_none() -> None:
    copies, _ = check_copies([row("a"), row("a")], "stop")
    assert (copies.verdict, copies.bound) == ("stop", 0)
    assert "data.duplicates" in copies.reason


def test_a_film_under_two_classes_stops_the_run_whatever_the_policy() -> None:
    for policy in ("group", "stop"):
        _, conflict = check_copies([row("a"), row("a", "healthy"), row("b"), row("b")], policy)
        assert (conflict.verdict, conflict.value) == ("stop", 1)
        assert "group a in manifest.csv" in conflict.message


def test_many_groups_are_not_all_named() -> None:
    rows = [row(f"{number:02}") for number in range(8) for _ in range(2)]
    copies, _ = check_copies(rows, "stop")
    assert copies.message.endswith("group 00, 01, 02, 03, 04 and 3 more in manifest.csv")


def test_no_copies_are_no_finding() -> None:
    for policy in ("group", "drop", "stop"):
        assert [check.verdict for check in check_copies([row(""), row("")], policy)] == ["pass", "pass"]
