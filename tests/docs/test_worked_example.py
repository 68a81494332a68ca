"""The numbers that a worked example has in its equations are those that tinynet prints there."""

import re

import pytest
from page_statements import statements
from test_pages import PAGES, equations

NUMBER = r"-?\d+\.\d{3,}"
PRINTED = {
    float(number)
    for statement in statements(PAGES["derivations/worked_example.md"])
    for number in re.findall(NUMBER, statement.want)
}
EXAMPLES = [name for name, text in PAGES.items() if any("worked-" in label for label in equations(text))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_numbers_of_the_equations_are_printed(name):
    by_hand = {float(number) for number in re.findall(NUMBER, PAGES[name].split(">>>")[0])}
    assert len(by_hand) > 40
    assert {abs(number) for number in by_hand} <= {abs(number) for number in PRINTED}
