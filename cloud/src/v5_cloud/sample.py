"""A sample company to try everything with: two stores, a programme, customers with cards, products. The same seed gives the same."""

from __future__ import annotations

import hashlib
import random
import secrets
from datetime import date, datetime
from typing import Any, Final

from v5_cloud.access.service import SCOPES, make_key
from v5_cloud.customers.records import Data, save
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.fleet.repository import FleetRepository
from v5_cloud.fleet.service import make_code
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import DIRECTORY, Scope
from v5_cloud.models import Company, Installation, ProductRow, ProgrammeRow, Store, Tenant
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.tenants.repository import TenantRepository
from v5_cloud.tenants.service import CompanyInfo, company_info
from v5_cloud.users.service import add_user
from v5_core.ids import make_card_number
from v5_core.model import Card
from v5_core.programme import Boost, EarnPerAmount, Expiry, PercentOffer, Programme, Redemption, RewardLevel, Selector, Validity

__all__ = ["load", "programme"]

_STORES: Final = (("LX1", "Loja de Lisboa"), ("PT2", "Loja do Porto"))
_FIRST: Final = (
    "Ana",
    "Bruno",
    "Carla",
    "Duarte",
    "Eva",
    "Filipe",
    "Graça",
    "Hugo",
    "Inês",
    "João",
    "Leonor",
    "Miguel",
    "Núria",
    "Óscar",
    "Paula",
    "Rui",
)
_LAST: Final = (
    "Almeida",
    "Brandão",
    "Conceição",
    "Dias",
    "Esteves",
    "Ferrão",
    "Gonçalves",
    "Henriques",
    "Lourenço",
    "Magalhães",
    "Neves",
    "Simões",
)
_PRODUCTS: Final = (
    ("CAFE-250", "Café moído 250 g", "mercearia", 449, 2300),
    ("AZEITE-075", "Azeite virgem 0,75 l", "mercearia", 899, 600),
    ("VINHO-DOURO", "Vinho do Douro tinto", "vinhos", 1250, 1300),
    ("CREME-50", "Creme de rosto 50 ml", "cosmetica", 2490, 2300),
    ("CHAMPO-400", "Champô 400 ml", "cosmetica", 675, 2300),
    ("LIVRO-ROM", "Romance", "livros", 1690, 600),
    ("TABACO", "Tabaco", "tabaco", 550, 2300),
    ("PAO-FORMA", "Pão de forma", "mercearia", 219, 600),
)


def programme() -> Programme:
    """The sample's programme: what a small chain would start with."""
    return Programme(
        id="cartao-cliente",
        version=1,
        name="Cartão Cliente",
        state="published",
        earning=(
            EarnPerAmount(
                id="compras",
                title="1 ponto por cada 1,00 € com IVA",
                points=1000,
                amount=100,
                selector=Selector(exclude_families=("tabaco",)),
            ),
        ),
        boosts=(
            Boost(id="cosmetica-a-dobrar", title="Pontos a dobrar em cosmética", factor=20_000, selector=Selector(families=("cosmetica",))),
        ),
        offers=(PercentOffer(id="vinhos-5", title="5 % em vinhos com o cartão", percent=500, selector=Selector(families=("vinhos",))),),
        redemption=Redemption(points=100_000, amount=100, minimum=100_000, step=100_000, max_share=5000),
        rewards=(
            RewardLevel(id="caneca", title="Caneca da loja", cost=250_000),
            RewardLevel(id="vale-5", title="Vale de 5,00 €", cost=500_000, amount=500),
            RewardLevel(id="cabaz", title="Cabaz de Natal", cost=2_000_000),
        ),
        expiry=Expiry(kind="end_of_month", count=12),
        validity=Validity(),
    )


def load(container: Container, *, seed: int = 1, customers: int = 40) -> dict[str, Any]:
    """Loads the sample; what is there already is left alone (the password, codes and key are the same again, for the same seed)."""
    now = container.clock()
    chance = random.Random(seed)  # noqa: S311 - names and numbers of a sample
    scope = Scope(f"t-sample-{seed}", f"co-sample-{seed}")
    salt = _salt(container, seed)
    password = _secret(salt, "password")[:16]
    email = f"admin{'' if seed == 1 else seed}@exemplo.pt"
    codes = {code: _secret(salt, code)[:16].upper() for code, _ in _STORES}
    with container.database.read(scope) as session:
        known = TenantRepository(session, scope).tenant() is not None
    if not known:
        _company(container, scope, now)
        add_user(container.database, scope.tenant, email=email, password=password, now=now, name="Administração")
    key = _credentials(container, scope, codes, _secret(salt, "key"), now)
    info = company_info(container, scope, store=_STORES[0][0])
    _products(container, scope, now)
    made = _customers(container, scope, info, chance, customers, now) if not known else []
    return {
        "tenant": scope.tenant,
        "company": scope.company,
        "stores": [code for code, _ in _STORES],
        "enrol_codes": codes,
        "api_key": key,
        "login": {"email": email, "password": password},
        "programme": programme().model_dump(mode="json"),
        "customers": made,
        "created": not known,
    }


def _secret(salt: str, what: str) -> str:
    return hashlib.sha256(f"v5-sample:{salt}:{what}".encode()).hexdigest()


def _salt(container: Container, seed: int) -> str:
    # Names and cards follow from the seed alone. Secrets follow from a number that this database drew once: the same whenever the
    # sample is loaded again, and nothing that somebody else could know.
    scope = Scope(DIRECTORY)
    with container.database.write(scope) as session:
        repository = TenantRepository(session, scope)
        number = repository.fact("sample")
        if number is None:
            number = secrets.randbits(62)
            repository.add(Installation(tenant_id=DIRECTORY, key="sample", value=number))
    return f"{number}:{seed}"


def _company(container: Container, scope: Scope, now: datetime) -> None:
    made = programme()
    with container.database.write(scope) as session:
        repository = TenantRepository(session, scope)
        repository.add(
            Tenant(tenant_id=scope.tenant, name="Exemplo", created_at=now),
            Company(
                tenant_id=scope.tenant,
                id=scope.company,
                name="Exemplo, Lda.",
                tax_number="500100144",
                offline_points_limit=500_000,
                receipt_url="https://example.com/cartao",
                created_at=now,
            ),
        )
        for code, name in _STORES:
            repository.add(
                Store(
                    tenant_id=scope.tenant,
                    id=f"st-{code.lower()}",
                    company_id=scope.company,
                    code=code,
                    name=name,
                    directives="Perguntar sempre pelo Cartão Cliente",
                    created_at=now,
                )
            )
        row = ProgrammeRow(
            tenant_id=scope.tenant,
            company_id=scope.company,
            slug=made.id,
            version=made.version,
            name=made.name,
            state="published",
            body=made.model_dump(mode="json"),
            created_at=now,
            published_at=now,
            published_by="sample",
        )
        programmes = ProgrammeRepository(session, scope)
        programmes.add(row)
        programmes.bump()


def _credentials(container: Container, scope: Scope, codes: dict[str, str], secret: str, now: datetime) -> str:
    """Enrolment codes are good again after each call; the key stays."""
    key_id = secret[:20]
    with container.database.write(scope) as session:
        repository = FleetRepository(session, scope)
        for code, text in codes.items():
            row, _ = make_code(scope, f"st-{code.lower()}", now, code=text)
            row.used_at = row.agent_id = None
            repository.renew(row)
        row_key, _ = make_key(scope, "sample", SCOPES, now, secret=secret[20:52])
        row_key.id = key_id
        repository.renew(row_key)
    return f"v5_{key_id}_{secret[20:52]}"


def _products(container: Container, scope: Scope, now: datetime) -> None:
    with container.database.write(scope) as session:
        writes = WriteSet(scope)
        rows = [
            {
                "company_id": scope.company,
                "code": code,
                "source": "sample",
                "source_id": code,
                "description": name,
                "family": family,
                "family_name": family.capitalize(),
                "brand": "",
                "ean": None,
                "price": price,
                "vat_rate": rate,
                "inactive": False,
                "updated_at": now,
            }
            for code, name, family, price, rate in _PRODUCTS
        ]
        writes.put(ProductRow, rows, "replace")
        writes.flush(session, 0)


def _customers(
    container: Container, scope: Scope, info: CompanyInfo, chance: random.Random, count: int, now: datetime
) -> list[dict[str, str]]:
    made = []
    with container.database.write(scope) as session:
        repository = CustomerRepository(session, scope)
        for number in range(count):
            name = f"{chance.choice(_FIRST)} {chance.choice(_LAST)} {chance.choice(_LAST)}"
            tax = _tax(chance)
            card = make_card_number(info.card_prefix, number + 1)
            data = Data(
                name=name,
                phone=f"+3519{chance.choice('1236')}{chance.randrange(10**7):07d}",
                email=f"cliente{number + 1}@example.com",
                tax_number=tax,
                birth_date=date(chance.randrange(1945, 2006), chance.randrange(1, 13), chance.randrange(1, 29)),
                cards=(Card(number=card),),
                home_store=chance.choice(_STORES)[0],
                origin="sample",
                consent_email=chance.random() < 0.6,
                customer_id=f"c-{scope.tenant.removeprefix('t-')}-{number + 1:05d}",
            )
            row = save(container, repository, info, data, now).customer
            made.append({"id": row.id, "name": name, "card": card, "tax_number": tax})
    return made


def _tax(chance: random.Random) -> str:
    body = f"2{chance.randrange(10**7):07d}"
    check = 11 - sum(int(digit) * weight for digit, weight in zip(body, range(9, 1, -1), strict=True)) % 11
    return f"{body}{check if check < 10 else 0}"
