"""The shop's CSV rows to order lines.

Money is whole pence. A price that is no whole number of pence is rejected as ``fraction_of_penny``
rather than rounded: sums of rounded prices would not agree with the shop's books.
The file's times are London's, without a zone; they are read as UTC, which they were in
winter, so that a row's time is what the file says all year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
_CORRUPT = "_corrupt"
_SCHEMA = ", ".join(f"{name} STRING" for name in (*_HEADER.split(","), _CORRUPT))
_CSV = {"escape": '"', "columnNameOfCorruptRecord": _CORRUPT, "mode": "PERMISSIVE", "maxCharsPerColumn": "-1"}
_TIME = "yyyy-MM-dd HH:mm:ssXXX"


def to_events(records: DataFrame) -> DataFrame:
    """Parse rows of the shop's CSV.

    Args:
        records: Rows of ``origin``, ``text`` and ``header``.

    Returns:
        One row per record: an order line, or a reject with a reason.
    """
    rows = records.withColumn("_row", F.from_csv("text", _SCHEMA, _CSV)).select("origin", "header", "_row.*")
    typed = rows.select(
        "origin",
        "header",
        _CORRUPT,
        F.try_to_timestamp(F.concat("InvoiceDate", F.lit("+00:00")), F.lit(_TIME)).alias("event_ts"),
        F.regexp_replace("CustomerID", r"\.0$", "").alias("customer_id"),
        F.col("InvoiceNo").alias("invoice_no"),
        F.col("StockCode").alias("stock_code"),
        F.col("Description").alias("description"),
        F.col("Quantity").try_cast("bigint").alias("quantity"),
        (F.col("UnitPrice").try_cast("decimal(20,8)") * 100).alias("_pence"),
        F.col("InvoiceNo").startswith("C").alias("is_cancellation"),
        F.col("Country").alias("country"),
    )
    priced = typed.withColumn("unit_price_pence", F.col("_pence").try_cast("bigint")).withColumn(
        "amount_pence", F.try_multiply("quantity", "unit_price_pence")
    )
    reason = (
        F.when(F.col("header") != _HEADER, "unexpected_header")
        .when(F.col(_CORRUPT).isNotNull(), "column_count")
        .when(F.col("invoice_no").isNull(), "no_invoice")
        .when(F.col("event_ts").isNull(), "no_timestamp")
        .when(F.col("_pence") != F.col("unit_price_pence"), "fraction_of_penny")
        .when(F.col("amount_pence").isNull(), "bad_number")
    )
    return priced.withColumn("reason", reason).drop("header", _CORRUPT, "_pence")
