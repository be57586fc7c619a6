"""Whom V5 tells of what the manager is told: said in the back office, of the company and of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from v5_cloud.tenants.service import company_info, forget

if TYPE_CHECKING:
    from tests.cloud.conftest import Service
    from tests.cloud.pages.conftest import SignIn


@pytest.mark.feature("FM-35")
def test_the_managers_addresses_are_edited_and_a_store_may_have_its_own(service: Service, person: SignIn) -> None:
    admin = person(service)
    company = f"/companies/{service.sample['company']}"
    form = {"name": "Aurora", "manager_email": "gerente@aurora.example", "manager_phone": "+351912345678"}
    assert admin.post(company, form | {"csrf": admin.token()}).status_code == 303
    assert all(f'value="{text}"' in admin.get(company).text for text in ("gerente@aurora.example", "+351912345678"))
    wrong = admin.post(company, form | {"csrf": admin.token(), "manager_email": "a@b\r\nBcc: c@d", "manager_phone": "912345678"})
    assert (wrong.status_code, wrong.text.count('aria-invalid="true"')) == (422, 2)
    store = {"name": "Chiado", "timezone": "Europe/Lisbon", "language": "pt", "manager_email": "chiado@aurora.example"}
    assert admin.post("/stores/st-lx1", store | {"csrf": admin.token()}).status_code == 303
    forget(service.held, service.scope)
    stores = company_info(service.held, service.scope).stores
    found = {code: (one.manager_email, one.manager_phone) for code, one in stores.items()}
    assert found == {"LX1": ("chiado@aurora.example", "+351912345678"), "PT2": ("gerente@aurora.example", "+351912345678")}
