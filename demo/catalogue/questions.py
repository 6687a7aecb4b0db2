"""Questions: what a fraud engineer asks for by risk, and the features that answer, as ``view:pattern``.

A question that no feature answers says why.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """What is asked of each event, before it.

    Attributes:
        risk: For which risk.
        asked: What.
        answers: Features, as ``view:pattern`` with ``*``.
        reason: Why there is none, or what the answer leaves out.
    """

    risk: str
    asked: str
    answers: tuple[str, ...] = ()
    reason: str = ""


def _all(risk: str, *rows: tuple[str, str, str]) -> tuple[Question, ...]:
    return tuple(Question(risk, asked, tuple(answers.split()), reason) for asked, answers, reason in rows)


_JOB = "As a day's job knew it."
_GRAPH = f"{_JOB} Of devices, addresses, doors and cards; hubs of more than 200 accounts are left out."

QUESTIONS = (
    *_all(
        "account_integrity",
        ("sign-ups of an address, its /24, a device", "address_sign_ups:registered_events_count_* "
         "network_sign_ups:registered_events_count_* device_sign_ups:registered_events_count_*", ""),
        ("accounts of a device, 30 d", "device_sign_ups:account_id_count_distinct_30d", ""),
        ("disposable mail", "address_sign_ups:for_once_* email_domain_sign_ups:for_once_* account_changes:disposable_last_30d email_domain_reputation:*", ""),
        ("entropy and digits of names", "account_changes:digit_share_last_30d handle_stem_sign_ups:registered_digit_share_mean_*",
         "The share of digits; mail addresses themselves are not in the log."),
        ("sign-ups with names from one template, 1 h", "handle_stem_sign_ups:registered_events_count_1h",
         "Names are alike where their letters are; a part of them alone is not enough."),
        ("seconds from sign-up to the first action", "account_changes:registered_events_time_since_last_30d "
         "account_changes:verified_events_time_since_last_30d", ""),
        ("completeness of the profile", "account_changes:completeness_last_30d device_sign_ups:registered_completeness_mean_*", ""),
        ("hosting company or VPN", "account_logins:hosted_* address_reputation:listed_as", "Of logins, by the first number of the address."),
    ),
    *_all(
        "account_takeover",
        ("failures of an account and an address", "account_logins:failed_events_count_* address_logins:failed_events_count_*", ""),
        ("accounts of an address, 5 m", "address_logins:account_id_count_distinct_5m", ""),
        ("addresses of an account, 1 d", "account_logins:ip_count_distinct_1d", ""),
        ("success after failures, 1 h", "account_logins:failed_events_count_1h account_logins:succeeded_events_time_since_last_1h_per_*", ""),
        ("device not seen in 90 d", "account_device_logins:succeeded_events_novelty90d_1d account_device_logins:succeeded_events_count_90d", ""),
        ("country or network not seen in 90 d", "account_country_logins:succeeded_events_* account_system_logins:succeeded_events_*", ""),
        ("impossible travel", "account_logins:succeeded_latitude_longitude_distance_* account_logins:succeeded_latitude_last_30d "
         "account_logins:succeeded_longitude_last_30d account_logins:country_count_distinct_1h",
         "Kilometres, and kilometres a second, between the newest two logins: pushed first, the present one is the newer of them. "
         "Places are middles of countries."),
        ("change of browser family", "account_logins:succeeded_agent_family_last_30d account_logins:agent_family_count_distinct_*", ""),
        ("unusual hour", "account_logins:succeeded_hour_top_k5_30d account_logins:succeeded_hour_entropy_30d",
         "The usual hours and how spread they are, not the surprisal of the present one."),
        ("time from login to a sensitive change", "account_changes:sensitive_events_time_since_last_*", ""),
        ("order beside the median of 90 d after a reset", "account_orders:created_gross_quantile50_90d "
         "account_changes:sensitive_events_time_since_last_*", "The present order's amount is the caller's."),
    ),
    *_all(
        "payment",
        ("number and sum of a card", "card_payments:events_count_* card_payments:amount_sum_*", ""),
        ("accounts of a card, 7 d", "card_payments:account_id_count_distinct_7d", ""),
        ("cards of an account, 1 d", "account_payments:card_id_count_distinct_1d", ""),
        ("share declined, 1 h", "card_payments:declined_*_1h_per_* device_payments:declined_*_1h_per_*", ""),
        ("small amounts, 10 m", "card_payments:small_events_count_10m address_payments:small_events_count_10m", ""),
        ("amount beside the card's 30 d", "card_payments:amount_zscore30d_1d card_payments:amount_mean_30d card_payments:amount_stddev_30d", ""),
        ("bank's country is not the address's", "bank_reputation:listed_as", "The bank's, from a list; the request's country is the caller's."),
        ("shipping far from billing", "", "The log has no billing address; a check of it is in card_payments:mismatched_*."),
        ("time since the last payment", "card_payments:events_time_since_last_30d", ""),
        ("risk of a merchant, labels 7 d late", "seller_cases:fraud_* card_cases:fraud_*", "A case counts from when it was noted."),
    ),
    *_all(
        "coupon",
        ("redeemed of received, 7 and 30 d", "account_coupons:redeemed_*_7d_per_granted_* account_coupons:redeemed_*_30d_per_granted_events_count_30d", ""),
        ("share of discounts in prices", "account_orders:created_discount_sum_*_per_created_gross_sum_*", ""),
        ("first-order coupons of a device, a door", "device_coupons:first_order_events_count_30d address_key_coupons:first_order_events_count_30d", "Coupons' lines name no card."),
        ("accounts of a door, 30 d", "address_key_orders:created_account_id_count_distinct_30d address_key_coupons:redeemed_account_id_count_distinct_30d", ""),
        ("codes guessed, 1 h", "account_coupons:guessed_events_count_1h address_coupons:guessed_*_1h_per_*", ""),
        ("seconds from grant to redemption", "account_coupons:granted_events_time_since_last_30d", ""),
        ("accounts that one invited, 7 d", "inviter_sign_ups:registered_events_count_7d", ""),
        ("what the invited do after the bonus", "inviter_dealings:*", _JOB),
        ("refunds after coupons", "account_dealings:refund_after_coupon_share", _JOB),
        ("just above the least that must be spent", "account_coupons:looked_up_threshold_last_1d account_orders:created_gross_*",
         "The threshold of the coupon and the order's price; the difference is the caller's."),
    ),
    *_all(
        "refund",
        ("refunds of orders, by number and by value", "account_refunds:events_count_30d account_refunds:amount_sum_30d "
         "account_orders:created_events_count_30d account_orders:created_gross_sum_30d account_dealings:refund_*_share", _JOB),
        ("share not received", "account_refunds:not_received_* address_key_refunds:not_received_*", ""),
        ("time from delivery to claim", "order_parcels:delivered_events_time_since_last_30d", ""),
        ("the same reason again", "account_refunds:refund_reason_top_share_*", "Reasons are codes here, not texts."),
        ("empty box by weight", "order_parcels:weight_g_* account_refunds:empty_box_*", ""),
        ("sellers that an account had refunds of", "account_dealings:refunded_sellers", _JOB),
    ),
    *_all(
        "collusion",
        ("edges between buyers and sellers, 30 d", "buyer_seller_orders:created_*", ""),
        ("component: size, density, age", "account_graph:component_*", _GRAPH),
        ("degree, and fraud within two hops", "account_graph:degree account_graph:two_hop_fraud_share device_orders:created_account_id_count_distinct_30d "
         "device_cases:fraud_*", _GRAPH),
        ("overlap of identifiers", "account_graph:component_density", "Of the component's, not of a pair's."),
        ("reciprocity, cycles of four at most", "", "Gifts and payouts name no receiver in any log."),
        ("fan-in", "seller_orders:created_account_id_count_distinct_*", ""),
        ("risk of the community, halved every 14 d", "account_cases:*decayed_sum14d_* device_cases:*decayed_sum14d_*", "Of the entity itself."),
        ("the same things bought by a pair, 7 d", "buyer_seller_orders:created_item_id_count_distinct_7d", "Of buyer and seller, not of two buyers."),
    ),
    *_all(
        "brushing",
        ("buyer shares identifiers with the seller", "buyer_seller_dealings:shared_addresses seller_dealings:own_address_share", "Network addresses that a seller writes messages from; sellers' lines name no device, card or door."),
        ("concentration of a seller's buyers, 7 d", "seller_orders:created_account_id_hhi_7d", ""),
        ("buyers whose account is a week old", "seller_dealings:young_buyers_share account_changes:registered_events_time_since_last_30d", _JOB),
        ("views before the order", "session_clicks:viewed_events_count_1h account_clicks:viewed_events_count_1h", ""),
        ("reviews within a day, five stars", "seller_dealings:reviewed_in_a_day_share seller_reviews:five_stars_*", _JOB),
        ("weight below 50 g, scans", "order_parcels:light_events_count_30d order_parcels:events_count_30d", ""),
        ("burst of sales beside 28 d", "seller_orders:created_gross_zscore28d_1d", ""),
        ("no refund, no message, one product", "seller_orders:created_item_id_hhi_* seller_dealings:refund_share seller_dealings:talked_share", _JOB),
        ("labels used again", "order_parcels:parcel_id_count_distinct_30d", ""),
    ),
    *_all(
        "review",
        ("burst of a product, 1 d beside 28 d", "product_reviews:events_count_1d product_reviews:events_count_28d product_reviews:stars_zscore60d_1d", ""),
        ("reviews a minute of a reviewer", "account_reviews:events_count_1m", ""),
        ("entropy, share of fives, sellers", "account_reviews:stars_entropy_30d account_reviews:five_stars_* account_reviews:seller_id_count_distinct_*", ""),
        ("deviation from the product's mean", "product_reviews:stars_mean_28d", "The present stars are the caller's."),
        ("reviewers with one review", "product_dealings:single_reviewers_share", _JOB),
        ("near-duplicates of the text, 30 d", "review_likeness:* text_reviews:events_count_30d text_reviews:account_id_count_distinct_30d",
         "Of the letters at once, of what is nearly the same as a day's job knew it."),
        ("share of verified purchases", "account_reviews:unverified_* product_reviews:unverified_*", ""),
        ("time from delivery to review", "order_parcels:delivered_events_time_since_last_30d", ""),
    ),
    *_all(
        "click_farm",
        ("clicks of an address, a device, all together", "address_clicks:events_count_* device_clicks:events_count_* click_source_clicks:events_count_*", ""),
        ("devices of an address, 1 h; accounts of a device, 1 d", "address_clicks:device_id_count_distinct_1h device_clicks:account_id_count_distinct_1d", ""),
        ("orders of clicks, 7 d", "device_clicks:put_into_cart_*_7d_per_*", "Carts: an order is of another source."),
        ("evenness of gaps", "device_clicks:events_gap_stddev_* device_clicks:events_gap_entropy_* click_source_clicks:events_gap_*", "Their variation and entropy; not their mode and autocorrelation."),
        ("gap to the last of the same kind", "click_source_clicks:events_time_since_last_1d", "The next one is not known yet."),
        ("hours of a day in which it clicks", "device_clicks:hour_count_distinct_1d", ""),
        ("median dwell, share without scrolling", "device_clicks:dwell_ms_quantile50_* device_clicks:still_*", ""),
        ("referrers beside the campaign's", "campaign_clicks:network_hhi_* campaign_clicks:os_family_entropy_*", "Clicks name no referrer: networks and systems stand for it."),
        ("contradictions of the system", "device_clicks:os_family_count_distinct_1d", ""),
        ("hosting company", "address_reputation:listed_as account_logins:hosted_*", "Of the address, from a list; clicks name no autonomous system."),
    ),
    *_all(
        "scalper",
        ("first request after the start of a drop", "page_requests:events_time_since_first_1h web_user_requests:at_drop_events_time_since_first_1h",
         "Since the page was first asked for: the calendar of drops is in no log."),
        ("into the cart without a look", "account_clicks:viewed_events_count_1h web_user_requests:reading_items_events_count_1h", ""),
        ("requests a second", "web_client_requests:events_count_10s web_user_requests:events_count_1m", ""),
        ("captchas failed, tokens of a queue", "web_user_requests:throttled_events_count_*", "The log has neither; 429s stand for them."),
        ("accounts of a door, 1 d", "address_key_orders:created_account_id_count_distinct_1d", ""),
        ("pieces to a door", "address_key_orders:created_quantity_sum_*", ""),
        ("share of orders at drops", "account_orders:at_drop_*", ""),
        ("duration of the checkout", "web_user_requests:checking_out_events_time_since_first_1h", ""),
        ("spellings of a door", "address_key_likeness:* address_key_orders:created_ship_to_count_distinct_*", "Of one key at once, of nearly the same doors as a day's job knew them."),
        ("idle for long", "account_clicks:events_time_since_last_90d web_user_requests:events_time_since_last_30d account_orders:created_events_time_since_last_90d", ""),
    ),
    *_all(
        "deal_hunter",
        ("share of orders at half price, 90 d", "account_orders:half_price_*_90d_per_*", ""),
        ("reaction to a price drop", "account_dealings:price_drop_seconds_median", _JOB),
        ("share bought with a discount", "account_orders:discounted_*", ""),
        ("sum of margins", "", "The log has no cost of goods."),
        ("coupons on one order", "account_coupons:redeemed_events_count_1d", "A day's, which is an order's mostly."),
        ("orders at a wrong price", "product_orders:half_price_*", "A price is wrong where many order at half of it."),
        ("share sent back", "account_dealings:refund_share account_refunds:events_count_90d", _JOB),
    ),
    *_all(
        "malicious_activity",
        ("share of 4xx, 5 m", "web_client_requests:client_error_*_5m_per_*", ""),
        ("paths of an address, 5 m", "web_client_requests:path_count_distinct_5m", ""),
        ("products read in an hour", "web_client_requests:reading_items_path_count_distinct_1h", ""),
        ("patterns of attacks", "web_client_requests:probing_* web_client_requests:injecting_*", ""),
        ("against robots.txt", "agent_reputation:listed_as web_client_requests:scripted_*", "What scripts ask for; robots.txt is in no log."),
        ("links and numbers in messages", "writer_messages:linked_* writer_messages:reachable_*", ""),
        ("lures away from the platform", "writer_messages:luring_*", ""),
        ("one message to many, 1 h", "message_likeness:similar_writers text_messages:recipient_id_count_distinct_1h writer_messages:recipient_id_count_distinct_1h", ""),
    ),
    *_all(
        "information_leakage",
        ("customers read, 1 h and 1 d", "staff_reads:owner_id_count_distinct_1h staff_reads:owner_id_count_distinct_1d", ""),
        ("personal fields times records", "staff_reads:personal_fields_sum_* staff_reads:n_records_sum_*", ""),
        ("beside the own 28 d, and the role's", "staff_reads:n_records_zscore28d_1d role_reads:n_records_*", "One's own are among the role's: what all others did is for training sets alone."),
        ("share without a ticket", "staff_reads:without_ticket_*", ""),
        ("share at night", "staff_reads:off_hours_*", ""),
        ("new address", "staff_desk_reads:events_novelty90d_1d", "The log names no device."),
        ("bytes exported", "staff_reads:exported_bytes_sum_*", ""),
        ("numbers one after the other", "", "Customers' numbers in this log tell no order; staff_reads:events_gap_stddev_* shows a steady pace."),
        ("known persons read", "", "No list of them is in the log."),
        ("fraud at whom was read, 14 d", "data_subject_reads:events_count_14d data_subject_reads:staff_id_count_distinct_14d reader_messages:luring_events_count_7d", ""),
    ),
    *_all(
        "seller",
        ("late, cancelled, refunded, disputed", "seller_orders:cancelled_* seller_dealings:refund_share seller_cases:fraud_*", "Nothing says when a parcel was promised."),
        ("price jump", "seller_actions:repriced_price_zscore60d_*", ""),
        ("burst after a change of payout", "seller_actions:paid_elsewhere_events_time_since_last_30d seller_orders:created_gross_zscore28d_1d", ""),
        ("catalogue like another's", "", "Listings have no text."),
        ("age", "seller_actions:events_time_since_first_90d", "At most 90 days: the window."),
        ("out of stock", "", "The log has no stock."),
    ),
    *_all(
        "evolving",
        ("drift of a feature", "", "A monitor of tables, not a feature of an entity: `riskloom status` shows fields that drift."),
        ("share of new values", "account_device_logins:succeeded_events_novelty90d_1d account_system_logins:succeeded_events_novelty90d_1d", ""),
        ("precision by matured labels", "account_cases:fraud_events_count_90d_per_events_count_90d", ""),
        ("cold entities", "account_changes:registered_events_time_since_last_30d account_orders:created_events_time_since_first_90d", ""),
        ("new clusters", "account_graph:component_age_days account_graph:component_accounts", _GRAPH),
    ),
)  # fmt: skip
