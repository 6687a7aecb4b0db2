"""Whom and what the features describe."""

from __future__ import annotations

from riskloom import Entity

account = Entity.of("account", account_id="string", description="Account of the platform.")
device = Entity.of("device", device_id="string", description="Phone or computer.")
address = Entity.of("address", ip="string", description="Network address that something comes from.")
network = Entity.of("network", network="string", description="The /24 that an address is in.")
system = Entity.of("system", asn="int64", description="Autonomous system: whose network it is.")
email_domain = Entity.of("email_domain", email_domain="string", description="What stands behind the @ of a mail.")
handle_stem = Entity.of("handle_stem", handle_stem="string", description="Letters of a name: what a template leaves.")
inviter = Entity.of("inviter", inviter_id="string", description="Account that invited others.")
card = Entity.of("card", card_id="string", description="Payment card, by its token.")
bank = Entity.of("bank", bank_number="string", description="Bank, by the first digits of its cards.")
address_key = Entity.of("address_key", address_key="string", description="Door that parcels go to, however spelt.")
campaign = Entity.of("campaign", campaign="string", description="What coupons, or clicks, are part of.")
coupon = Entity.of("coupon", coupon_id="string", description="Coupon or gift card.")
seller = Entity.of("seller", seller_id="string", description="Seller.")
product = Entity.of("product", item_id="string", description="Product.")
order = Entity.of("order", order_id="string", description="Order, and its parcel.")
session = Entity.of("session", session_id="string", description="Visit.")
writer = Entity.of("writer", sender_id="string", description="Buyer or seller who writes a message.")
reader = Entity.of("reader", recipient_id="string", description="Buyer or seller whom a message is written to.")
text = Entity.of("text", text_key="string", description="Text, apart from links, numbers and signs.")
staff_member = Entity.of("staff_member", staff_id="string", description="Someone who works for the platform.")
role = Entity.of("role", role="string", description="What someone works as.")
data_subject = Entity.of("data_subject", owner_id="string", description="Customer whose record is read.")
web_client = Entity.of("web_client", client_address="string", description="Network address that requests come from.")
web_user = Entity.of("web_user", remote_user="string", description="Account that requests come from.")
agent = Entity.of("agent", user_agent="string", description="Browser or script, by what it calls itself.")
page = Entity.of("page", path="string", description="Page, such as that of a drop.")

buyer_seller = Entity.of(
    "buyer_seller", account_id="string", seller_id="string", description="Buyer and seller: an edge between them."
)
account_device = Entity.of(
    "account_device", account_id="string", device_id="string", description="Account on one of its devices."
)
account_system = Entity.of("account_system", account_id="string", asn="int64", description="Account from one network.")
account_country = Entity.of(
    "account_country", account_id="string", country="string", description="Account from one country."
)
click_source = Entity.of(
    "click_source",
    ip="string",
    app_version="string",
    os_family="string",
    device_id="string",
    description="Where clicks come from: address, app, system and device together.",
)
staff_desk = Entity.of("staff_desk", staff_id="string", ip="string", description="One of the staff at one address.")
