"""`gatepost roles`: what each role allows, from the terminal."""

from tests.server.terminal import Terminal


def test_a_role_is_defined_listed_and_deleted(terminal: Terminal) -> None:
    terminal.says("db", "upgrade")
    allow = ("--allow", "todo:write", "--allow", "todo:read")
    assert terminal.says("roles", "define", "editor", *allow) == "editor allows todo:read todo:write"
    heads, row = terminal.says("roles", "list").splitlines()
    assert heads.split() == ["ROLE", "DEFINED", "ALLOWS", "DESCRIPTION"]
    assert row.split() == ["editor", "here", "todo:read", "todo:write", "-"]
    assert terminal.says("roles", "define", "editor", "--description", "reads nothing") == "editor allows nothing"
    assert terminal.says("roles", "delete", "editor") == "editor is deleted"
    assert terminal("roles", "delete", "editor").exit_code == 1


def test_what_is_no_role_or_stands_in_the_settings_is_one_sentence(terminal: Terminal) -> None:
    fixed = terminal.with_settings(role_permissions='{"boss": ["todo:drop"]}')
    assert "boss  settings  todo:drop" in fixed.says("roles", "list")
    refused = fixed("roles", "define", "boss")
    assert (refused.exit_code, "GATEPOST_ROLE_PERMISSIONS" in refused.stderr) == (1, True)
    assert fixed("roles", "define", "editor", "--allow", "todo:*").exit_code == 2
    assert fixed("roles", "delete", "admin").exit_code == 1
