"""`docs/providers.md` has every preset and every setting of a provider, and its excerpt stands in the example."""

import re
from pathlib import Path

from gatepost.core.federation.presets import NAMES, preset
from gatepost.settings.providers import ProviderSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "providers.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_every_setting_of_a_provider_stands_on_the_page_and_no_other() -> None:
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", SECTIONS["Settings of a provider"], re.MULTILINE)
    named = [name.strip("` ").lower() for row in rows for name in row.split(",")]
    assert sorted(named) == sorted(ProviderSettings.model_fields)


def test_every_preset_has_a_section_with_its_redirect_uri_and_scopes() -> None:
    for name in NAMES - {"oidc"}:
        found = preset(name)
        section = SECTIONS[found.label]
        assert f"/auth/callback/{name}`" in section
        assert "Addresses: " in section
        assert name == "gitlab" or f"Scopes: `{' '.join(found.scopes)}`" in section
        for option in found.needs:
            assert f"`{option.upper()}`" in section


def test_the_excerpt_stands_in_the_example() -> None:
    (excerpt,) = re.findall(r"^```py\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert excerpt in (ROOT / "examples" / "own_provider.py").read_text()
