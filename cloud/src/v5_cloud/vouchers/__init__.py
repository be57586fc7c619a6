"""Vouchers, coupons, gift cards, wallets and credit notes; counted uses and what holds reserve of them."""
