"""What people who know other systems write, and where V5 has it: for the messages about keys that a case or a programme does not have.

A word with a place before it (`Tax.amount`) is meant there only; what stands in brackets is said wherever the word is met.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["OF_CASES", "OF_CRITERIA", "OF_PROGRAMMES"]


def _table(text: str) -> dict[str, str]:
    rows = [line.partition(" <- ") for line in text.strip().splitlines()]
    return {word: target.strip() for target, _, words in rows for word in words.split()}


# Here <- there.
OF_CASES: Final[Mapping[str, str]] = _table("""
product <- sku item item_code article name
quantity <- qty units count
price <- unit_price rate
amount <- total line_total
vat <- tax taxes tax_rate
price_includes_vat <- tax_included price_include
family <- category item_group
tags <- label labels tag
codes <- code coupon coupons promo_code voucher
stored_value <- vouchers gift_card gift_cards giftcard wallet ewallet gift
claims <- reward rewards claim
points_to_use <- points_used redeem redeem_points points_redeemed
basket <- lines items cart
as <- id name_as
expect <- expected expects assert
note <- comment description
now <- today date
programmes <- program programs programme
customers <- members customer
customer <- partner member
points <- balance
valid_until <- expires expiry
valid_from <- starts
(a level is reached by sales: begin with a `sell`) <- EnrolRequest.tier EnrolRequest.level
(an opening balance is `points`, a club is one of `clubs`) <- EnrolRequest.balance EnrolRequest.club EnrolRequest.group EnrolRequest.segment
(a tax of a fixed amount is a line of its own, which offers leave out) <- Tax.amount Tax.fixed Tax.fixed_amount
(the offer of a programme says what a coupon gives; here `offer` is its id, or `percent`) <- Coupon.amount Coupon.discount Coupon.kind
(its id is one of the programme's `stored_value`) <- Stored.kind Stored.id
""")
OF_PROGRAMMES: Final[Mapping[str, str]] = _table("""
kind <- type
minimum <- min_amount minimum_amount min_value min_amt
minimum_quantity <- min_qty minimum_qty min_quantity
not_above_quantity <- max_qty max_quantity
not_above (a basket beyond it), or maximum (the most it takes off) <- max_amount maximum_amount max_amt
maximum <- cap discount_max_amount max_discount
percent <- discount_percentage percentage
percent, or amount <- discount value
amount <- fixed_amount discount_amount
codes <- code
exclusive: false <- stackable combinable stacking cumulative
alone: true <- individual_use standalone stand_alone not_combinable
(the programme says it: policies: {lowest_prices: {shirt: 45}}) <- floor floor_price min_price lowest_price lowest_prices
selector: {where: "unit_price >= 50"} <- price_from price_to min_item_price max_item_price
cost <- required_points points_cost
limits: [{uses: 1, by: customer}] <- max_usage usage_limit max_uses uses
validity: {first_day: 2026-03-01} <- start_date valid_from date_from
validity: {last_day: 2026-03-31} <- end_date valid_until date_to
when: "store in ('S1')" <- stores store
when: "weekday in (1, 2)" <- weekdays weekday
when: "tier = 'gold'" <- tier level
when: "segment = 'vip'" <- segment segments
when: "club = 'gold'" <- club clubs
when <- condition conditions
selector: {products: [...]} <- products
selector: {families: [...]} <- families categories category
selector: {brands: [...]} <- brands
selector: {tags: [...]} <- tags labels
selector: {exclude_products: [...]} <- exclude_products
selector: {exclude_tags: [...]} <- exclude_tags
buy <- buy_quantity
get <- get_quantity free_quantity
get_selector: {products: [...]} <- get_products
add (on top of the basket), or kind: gift <- free_product free_item
earning <- rules
offers with a cost <- rewards_for_points
offers <- promotions discounts
stored_value <- gift_cards wallets
tiers: {tiers: [...]} <- levels
policies: {rounding: down} <- rounding
policies: {tax_rounding: line} <- tax_rounding
members_only: false <- members anonymous public
kind: per_amount, per_quantity or per_sale <- per unit money
factor <- multiplier
redemption <- conversion_factor
""")
OF_CRITERIA: Final[Mapping[str, str]] = _table("""
unit_price <- price
family <- category item_group taxon
tag <- tags label labels
total <- amount subtotal order_total total_amount
quantity <- qty items units
sales <- orders order_count purchases nth_order
payment <- payment_method method
(for some customers: a club, or a segment: when: "segment = 'vip'") <- name email phone customer group customer_group country
(what was bought before is asked by a segment: when: "segment = 'regulars'") <- spend visits bought first_sale last_sale \
days_since_sale average_sale store_spend store_visits bought_product product_spend product_quantity bought_family family_spend \
family_quantity preferred_store favourite_product favourite_family frequency r f v
""")
