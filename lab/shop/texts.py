"""Names, products and tickets: the texts that the generator picks from."""

from __future__ import annotations

from typing import Final

# Customers 1 to 12: name and country. Each name contains something that can break messages, SQL or layouts.
AWKWARD_CUSTOMERS: Final = (
    ("Zoë <VIP> & Co", "DE"),
    ('O\'Brien "Bob" <!channel>', "US"),
    ("山田 花子", "JP"),
    ("<script>alert('tea')</script>", "CA"),
    ("🍵 Matcha Lovers 🧋 e.V. 👩‍👩‍👧", "DE"),
    ("The Honourable " + "Very " * 90 + "Long", "US"),
    ("*Bold* _italic_ ~struck~ `code`", "SE"),
    ("شاي الصحراء", "FR"),
    ("Robert'); DROP TABLE orders;--", "US"),
    ("<@U012AB3CD> <https://example.org|your bank>", "HU"),
    ("{{ 7 * 7 }} {% for x in y %} ${HOME} %(id)s", "FR"),
    ("Two lines\nand a\ttab, 50 % & a back\\slash", "SE"),
)

GIVEN_NAMES: Final = (
    "Ada", "Béla", "Chiara", "Dmitri", "Eirik", "Fatima", "Grace", "Hédi", "Ines", "Jürgen", "Kenji", "Lucía",
    "Małgorzata", "Nils", "Olga", "Priya", "Quentin", "Rosa", "Søren", "Tomoko", "Umut", "Vera", "Wanjiru", "Xiulan",
    "Yusuf", "Zsófia",
)  # fmt: skip
FAMILY_NAMES: Final = (
    "Almeida", "Brandt", "Castro", "D'Souza", "Eriksen", "Fischer", "García", "Haddad", "Ivanova", "Jansen", "Kowalska",
    "Lindqvist", "Müller", "Nagy", "O'Neill", "Petrov", "Quispe", "Rossi", "Şahin", "Tanaka", "Ueda", "Varga", "Weiß",
    "Xu", "Yılmaz", "Zhang",
)  # fmt: skip
JAPANESE_FAMILY_NAMES: Final = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "中村", "小林", "加藤", "吉田")
JAPANESE_GIVEN_NAMES: Final = ("陽菜", "蓮", "結衣", "大翔", "さくら", "健太", "美咲", "翔太", "葵", "直樹")

# sku, name, price in EUR
PRODUCTS: Final = (
    ("TEA-SEN-100", "Sencha 煎茶, 100 g", "14.50"),
    ("TEA-GYO-050", "Gyokuro 玉露, 50 g", "29.00"),
    ("TEA-MAT-030", "Matcha 抹茶, 30 g", "24.90"),
    ("TEA-HOJ-100", "Hōjicha ほうじ茶, 100 g", "9.80"),
    ("TEA-GEN-100", "Genmaicha 玄米茶, 100 g", "8.90"),
    ("TEA-DAR-100", "Darjeeling, first flush, 100 g", "19.00"),
    ("TEA-ASS-250", "Assam, broken leaf, 250 g", "12.40"),
    ("TEA-EAR-250", "Earl Grey & Bergamot, 250 g", "13.20"),
    ("TEA-OOL-075", "Oolong “Iron Goddess”, 75 g", "21.00"),
    ("TEA-PUE-357", "Pu-erh cake, 357 g", "48.00"),
    ("TEA-ROO-200", "Rooibos (no caffeine), 200 g", "7.60"),
    ("TEA-CHA-200", "Chai <extra spicy>, 200 g", "9.20"),
    ("POT-IRN-800", "Cast iron pot, 0.8 l", "89.00"),
    ("POT-GLS-120", "Glass pot, 1.2 l", "34.50"),
    ("CUP-RAK-001", "Raku bowl, one of a kind", "140.00"),
    ("CUP-POR-002", "Porcelain cups, pair", "26.00"),
    ("ACC-WHI-001", "Bamboo whisk 茶筅", "18.50"),
    ("ACC-TIN-100", "Tea tin, 100 g", "6.50"),
    ("ACC-SCA-001", "Scale, 0.1 g", "39.00"),
    ("GIF-BOX-001", "Gift box “Four seasons” 🎁", "59.00"),
)
WAREHOUSES: Final = ("hamburg", "newark", "osaka")

NOTES: Final = (
    'Please leave it with the neighbour (2nd floor, "Weiß").',
    "It's a gift: no invoice in the box, please 🙏",
    "玄関前に置いてください。",
    "Ring twice & wait.\nThe dog is friendly.",
    "Deliver after <18:00>, gate code 4711#",
)
DECLINE_CODES: Final = ("insufficient_funds", "expired_card", "do_not_honor", "incorrect_cvc", "lost_card")
REFUND_REASONS: Final = ("arrived broken", "wrong item", "changed my mind", "never arrived", "箱がつぶれていた")

# subject, body
TICKETS: Final = (
    ("Where is my order?", 'Tracking has said "in transit" for nine days now. Can you check?'),
    (
        "注文した商品が届きません",
        "先週注文した抹茶がまだ届いていません。お手数ですが、配送状況を確認していただけますか。",
    ),
    ("Pot arrived cracked 😢", "The lid is in three pieces. Photos: https://example.org/photos?order=1&size=L"),
    ("領収書について", "領収書の宛名を「株式会社 山田商店」に変更してください。よろしくお願いいたします。"),
    ("Cannot log in", "The reset link says <expired> every time, even right after it arrives."),
    ("Wrong tea in the tin", "I ordered sencha & got genmaicha. It's *fine*, but not what I paid for."),
    ("請求金額が違います", "カードの請求額が注文の合計と一致しません。至急ご確認をお願いします。"),
    ("Invoice with VAT id", "Please put DE123456789 on it.\n\nThanks,\nJürgen"),
)
