"""Words that events hold as numbers: browsers, pages, outcomes."""

from __future__ import annotations

_MOZILLA = "Mozilla/5.0"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{} {}Safari/604.1"

# (user agent, operating system, weight among people)
BROWSERS = (
    (f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_CHROME.format(141)} Safari/537.36", "windows", 22),
    (f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_CHROME.format(142)} Safari/537.36", "windows", 14),
    (f"{_MOZILLA} (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", "windows", 6),
    (f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_CHROME.format(141)} Safari/537.36 Edg/141.0.0.0", "windows", 6),
    (f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI.format('18.6', '')}", "macos", 8),
    (f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {_CHROME.format(141)} Safari/537.36", "macos", 6),
    (f"{_MOZILLA} (X11; Linux x86_64) {_CHROME.format(141)} Safari/537.36", "linux", 3),
    (f"{_MOZILLA} (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "linux", 2),
    (f"{_MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_SAFARI.format('18.6', 'Mobile/15E148 ')}", "ios", 14),
    (f"{_MOZILLA} (iPhone; CPU iPhone OS 26_0 like Mac OS X) {_SAFARI.format('26.0', 'Mobile/15E148 ')}", "ios", 6),
    (f"{_MOZILLA} (Linux; Android 15; Pixel 9) {_CHROME.format(141)} Mobile Safari/537.36", "android", 7),
    (f"{_MOZILLA} (Linux; Android 14; SM-S921B) {_CHROME.format(140)} Mobile Safari/537.36", "android", 8),
    (f"{_MOZILLA} (Linux; Android 13; M2101K6G) {_CHROME.format(139)} Mobile Safari/537.36", "android", 5),
)
# What scripts send, honest ones (monitors, crawlers of partners) and others alike.
SCRIPTS = (
    "python-requests/2.32.5",
    "curl/8.14.1",
    "Go-http-client/2.0",
    f"{_MOZILLA} (X11; Linux x86_64) {_CHROME.format(120).replace('Chrome/', 'HeadlessChrome/')} Safari/537.36",
    f"{_MOZILLA} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    f"{_MOZILLA} (compatible; PriceCompare/1.4; +https://compare.example/bot)",
)
AGENTS = tuple(agent for agent, _, _ in BROWSERS) + SCRIPTS
FIRST_SCRIPT = len(BROWSERS)
SYSTEMS = tuple(system for _, system, _ in BROWSERS) + ("linux",) * len(SCRIPTS)
BROWSER_WEIGHTS = [weight for _, _, weight in BROWSERS]

METHODS = ("GET", "POST", "HEAD")
# {} takes the item. The last ones are what scanners ask for; some of them exist.
PAGES = (
    "/", "/item/{}", "/search", "/cart", "/checkout", "/drop/{}", "/api/catalogue/{}", "/health", "/api/v1/feed/{}",
    "/.env", "/wp-login.php", "/admin/config.php", "/phpmyadmin/index.php", "/.git/config", "/api/../../etc/passwd",
    "/cgi-bin/test.cgi", "/backup.sql", "/actuator/env",
)  # fmt: skip
HOME, ITEM, SEARCH, CART, CHECKOUT, DROP, CATALOGUE, HEALTH, FEED = range(9)
FIRST_SCANNED = 9
# Honest words first; then what is typed into a search to break it.
QUERIES = (
    "running+shoes", "phone+case", "cafetera+espa%C3%B1ola", "winter+jacket", "b%C3%BCcher", "lego", "shampoo",
    "desk+lamp", "yoga+mat", "jeans", "kopfh%C3%B6rer", "gift+for+mum", "o%27reilly+sql", "select+a+union+jack+flag",
    "%27+OR+1%3D1--", "1+UNION+SELECT+null%2Cnull--", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "..%2F..%2Fetc%2Fpasswd",
)  # fmt: skip
ODD_QUERY, FIRST_ATTACK_QUERY = 12, 14
REFERRERS = (
    "-",
    "https://shop.example/",
    "https://www.google.com/",
    "https://news.example/deals",
    "https://t.example/",
)
REFERRER_WEIGHTS = [35, 40, 18, 4, 3]

CLICKS = ("view", "click", "cart_add", "cart_drop", "dwell")
VIEW, CLICK, CART_ADD, CART_DROP, DWELL = range(5)
APPS = ("8.4.0", "8.5.1", "8.6.0", "web")

SUCCESS, FAIL, CHALLENGE = range(3)
RESULTS = ("success", "fail", "challenge")
REASONS = ("none", "bad_password", "unknown_user", "locked")
LOGIN_METHODS = ("password", "passkey", "sso")
ACTIONS = ("register", "verify", "profile_change", "credential_change", "address_add", "payout_change", "close", "ban")
REGISTER, VERIFY, PROFILE, CREDENTIAL, ADDRESS_ADD, PAYOUT_CHANGE, CLOSE, BAN = range(8)
DOMAINS = ("gmail.example", "outlook.example", "web.example", "icloud.example", "uni.example", "corp.example",
           "tempbox.example", "10minute.example")  # fmt: skip
DOMAIN_WEIGHTS = [40, 20, 14, 12, 5, 6, 2, 1]
DISPOSABLE = 6

CREATED, PAID, CANCELLED, COMPLETED = range(4)
ORDER_STATES = ("created", "paid", "cancelled", "completed")
PAYMENT_METHODS = ("card", "wallet", "transfer")
PAYMENT_RESULTS = ("approved", "declined")
DECLINES = ("none", "insufficient_funds", "do_not_honour", "stolen_card", "invalid_cvv", "expired")
CHECKS = ("match", "mismatch", "not_checked")
COUPON_ACTIONS = ("grant", "validate", "redeem", "revoke", "invalid")
GRANT, VALIDATE, REDEEM, REVOKE, INVALID = range(5)
CAMPAIGNS = ("welcome", "autumn", "eleven", "flash", "giftcard")
WELCOME, AUTUMN, ELEVEN, FLASH, GIFTCARD = range(5)
REFUND_REASONS = ("not_received", "damaged", "wrong_size", "changed_mind", "empty_box")
NOT_RECEIVED, DAMAGED, WRONG_SIZE, CHANGED_MIND, EMPTY_BOX = range(5)
DECISIONS = ("approved", "denied", "manual")
CHANNELS = ("app", "web", "phone")
CARRIERS = ("dhl", "ups", "gls", "dpd")
SCANS = ("label", "pickup", "transit", "delivered", "return")
LABEL, PICKUP, TRANSIT, DELIVERED, RETURN = range(5)
SELLER_ACTIONS = ("onboard", "listing_add", "price_change", "payout_change", "suspend")
ONBOARD, LISTING_ADD, PRICE_CHANGE, SELLER_PAYOUT, SUSPEND = range(5)
STAFF_ACTIONS = ("read", "export", "update")
READ, EXPORT, UPDATE = range(3)
ROLES = ("support", "risk", "logistics", "finance")
FIELDS = ("name", "name,address", "name,email,phone", "name,email,phone,address,card_last4")
SIDES = ("buyer", "seller", "platform")
