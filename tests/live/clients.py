"""Trades with ccxt on `ballast simulate`, as its users do: market data, signed orders, cancels, amendments, user streams, on both
markets; then what a venue refuses, with its own codes, and what goes wrong on the way.

    clients.py PROGRAM

Starts the program itself. Ends with an error where anything is not as at the venue.
"""

import asyncio
import hashlib
import hmac
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

import ccxt
import ccxt.pro

SYMBOLS = {"spot": "ETH/USDT", "usdm": "ETH/USDT:USDT"}


def check(holds, what):
    """Asserts, whatever the interpreter's flags."""
    if not holds:
        raise SystemExit(f"failed: {what}")
    print(f"ok: {what}", flush=True)


def asked(url, body=None):
    """The simulator's own answer."""
    request = urllib.request.Request(url, data=body.encode() if body is not None else None)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def signed(exchange, method, path, parameters):
    """A request that is signed here, with the client's key."""
    query = urllib.parse.urlencode({**parameters, "timestamp": exchange.milliseconds()})
    signature = hmac.new(exchange.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
    url = f"{exchange.urls['api']['private']}/{path}?{query}&signature={signature}"
    request = urllib.request.Request(url, method=method, headers={"X-MBX-APIKEY": exchange.apiKey})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def redirected(value, markets):
    """Every address of the venue as one of the simulator."""
    if isinstance(value, dict):
        return {key: redirected(inner, markets) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    found = re.match(r"(https?|wss?)://([^/]+)(.*)", value)
    if not found:
        return value
    scheme, host, path = found.groups()
    futures = host.startswith(("fapi", "fstream", "ws-fapi"))
    market = markets["usdm" if futures else "spot"]
    return market["ws" if scheme.startswith("ws") else "http"] + path


def client(library, market, said, **changes):
    """A client of this library for one market."""
    kinds = {"spot": library.binance, "usdm": library.binanceusdm}
    keys = said["keys"][0]["hmac"]
    exchange = kinds[market]({"apiKey": keys["key"], "secret": keys["secret"], **changes})
    markets = {one["market"]: one for one in said["markets"]}
    exchange.urls["api"] = redirected(exchange.urls["api"], markets)
    exchange.has["fetchCurrencies"] = False
    exchange.options["fetchMarkets"] = {"types": ["spot" if market == "spot" else "linear"]}
    return exchange


def refused(what, codes, call):
    """The call must be refused with the venue's code, or one of these."""
    codes = codes if isinstance(codes, tuple) else (codes,)
    try:
        call()
    except ccxt.BaseError as error:
        text = str(error).replace(" ", "")
        check(any(f'"code":{code},' in text for code in codes), f"{what}: {error}")
        return
    raise SystemExit(f"failed: {what}: not refused")


def public(exchange, market):
    symbol = SYMBOLS[market]
    exchange.load_markets()
    check(symbol in exchange.markets, f"{market}: {symbol} is listed")
    check(exchange.markets[symbol]["spot"] == (market == "spot"), f"{market}: {symbol} is of this market")
    book = exchange.fetch_order_book(symbol, 20)
    check(book["bids"][0][0] < book["asks"][0][0], f"{market}: the book is not crossed")
    check(len(book["bids"]) == 20 and book["nonce"] > 0, f"{market}: the book has the levels asked for")
    ticker = exchange.fetch_ticker(symbol)
    check(ticker["last"] is not None, f"{market}: there is a ticker")
    trades = exchange.fetch_trades(symbol, limit=10)
    check(len(trades) > 0 and trades[0]["price"] > 0, f"{market}: there are trades")
    skew = abs(exchange.fetch_time() - exchange.milliseconds())
    check(skew < 2_000, f"{market}: the venue's clock is right")


def far_below(exchange, symbol):
    best = exchange.fetch_order_book(symbol, 5)["bids"][0][0]
    return float(exchange.price_to_precision(symbol, best * 0.97))


def orders(exchange, market):
    symbol = SYMBOLS[market]
    price = far_below(exchange, symbol)
    placed = exchange.create_order(symbol, "limit", "buy", 0.05, price, {"newClientOrderId": f"live-{market}-1"})
    check(placed["clientOrderId"] == f"live-{market}-1", f"{market}: the client's id is kept")
    read = exchange.fetch_order(placed["id"], symbol)
    check((read["status"], read["price"], read["amount"]) == ("open", price, 0.05), f"{market}: it reads back")
    check([one["id"] for one in exchange.fetch_open_orders(symbol)] == [placed["id"]], f"{market}: it is open")
    amended = amend(exchange, market, placed, price)
    check(exchange.fetch_order(amended, symbol)["amount"] == 0.04, f"{market}: it is amended")
    exchange.cancel_order(amended, symbol)
    check(exchange.fetch_order(amended, symbol)["status"] == "canceled", f"{market}: it is cancelled")
    check(exchange.fetch_open_orders(symbol) == [], f"{market}: nothing is open")
    bought = exchange.create_order(symbol, "market", "buy", 0.05)
    mine = exchange.fetch_my_trades(symbol)
    amount = sum(trade["amount"] for trade in mine if trade["order"] == bought["id"])
    check(abs(amount - 0.05) < 1e-9, f"{market}: it is bought, as its trades say")
    balance = exchange.fetch_balance()
    check(balance["USDT"]["total"] > 0, f"{market}: there is a balance")
    if market == "usdm":
        held = exchange.fetch_positions([symbol])[0]
        check((held["contracts"], held["side"]) == (0.05, "long"), f"{market}: there is a position")
    exchange.create_order(symbol, "market", "sell", 0.05, None, {"reduceOnly": True} if market == "usdm" else {})
    ids = [exchange.create_order(symbol, "limit", "buy", 0.05, price - step)["id"] for step in (1, 2, 3)]
    check({one["id"] for one in exchange.fetch_open_orders(symbol)} == set(ids), f"{market}: three are open")
    exchange.cancel_all_orders(symbol)
    check(exchange.fetch_open_orders(symbol) == [], f"{market}: all are cancelled")


def amend(exchange, market, placed, price):
    """The venue's own amendment; the id of the order that stands then."""
    symbol = SYMBOLS[market]
    if market == "usdm":
        return exchange.edit_order(placed["id"], symbol, "limit", "buy", 0.04, price)["id"]
    # Which ccxt has no call for.
    keeps = {"symbol": "ETHUSDT", "orderId": placed["id"], "newQty": "0.04"}
    signed(exchange, "PUT", "order/amend/keepPriority", keeps)
    check(exchange.fetch_order(placed["id"], symbol)["amount"] == 0.04, f"{market}: an order keeps its place")
    moved = exchange.edit_order(placed["id"], symbol, "limit", "buy", 0.04, price - 1)
    check(moved["id"] != placed["id"], f"{market}: cancel and replace makes another order")
    return moved["id"]


def refusals(said, market):
    exchange = client(ccxt, market, said)
    exchange.load_markets()
    send = exchange.private_post_order if market == "spot" else exchange.fapiprivate_post_order
    whole = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    price = far_below(exchange, SYMBOLS[market])
    finer = f"{price:.2f}1"
    refused(f"{market}: a price off the grid", (-1013, -1111), lambda: send({**whole, "quantity": "0.05", "price": finer}))
    least = -1013 if market == "spot" else -4164
    small = {**whole, "quantity": "0.001", "price": str(price)}
    refused(f"{market}: a value below the least", least, lambda: send(small))
    sound = {**whole, "quantity": "0.05", "price": str(price)}
    refused(f"{market}: an unknown symbol", -1121, lambda: send({**sound, "symbol": "NOSUCHUSDT"}))
    forged = client(ccxt, market, said, secret="0" * 64)
    forged.set_markets(exchange.markets)
    refused(f"{market}: a corrupted signature", -1022, forged.fetch_balance)
    late = client(ccxt, market, said)
    late.set_markets(exchange.markets)
    late.nonce = lambda: ccxt.Exchange.milliseconds() - 60_000
    refused(f"{market}: a timestamp of a minute ago", -1021, late.fetch_balance)
    stranger = client(ccxt, market, said, apiKey="f" * 64)
    stranger.set_markets(exchange.markets)
    refused(f"{market}: an unknown key", -2015, stranger.fetch_balance)


def signs_with_ed25519(said, market):
    """The private half is printed as Python's cryptography reads it, which ccxt signs with."""
    keys = said["keys"][0]["ed25519"]
    exchange = client(ccxt, market, said, apiKey=keys["key"], secret=keys["private_key"])
    check(exchange.fetch_balance()["USDT"]["total"] > 0, f"{market}: a request signed with Ed25519 is answered")


async def streams(said, market):
    symbol = SYMBOLS[market]
    exchange = client(ccxt.pro, market, said)
    try:
        await exchange.load_markets()
        for _ in range(5):
            book = await asyncio.wait_for(exchange.watch_order_book(symbol), 20)
            check(book["bids"][0][0] < book["asks"][0][0], f"{market}: a streamed book is not crossed")
        trades = await asyncio.wait_for(exchange.watch_trades(symbol), 20)
        check(trades[0]["symbol"] == symbol, f"{market}: trades are streamed")
        ticker = await asyncio.wait_for(exchange.watch_bids_asks([symbol]), 20)
        check(ticker[symbol]["bid"] < ticker[symbol]["ask"], f"{market}: best prices are streamed")
        await user(exchange, market, symbol)
    finally:
        await exchange.close()


async def user(exchange, market, symbol):
    best = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0]
    price = float(exchange.price_to_precision(symbol, best * 0.97))
    watching = asyncio.ensure_future(exchange.watch_orders(symbol))
    await asyncio.sleep(2)
    placed = await exchange.create_order(symbol, "limit", "buy", 0.05, price)
    heard = await asyncio.wait_for(watching, 20)
    check((heard[-1]["id"], heard[-1]["status"]) == (placed["id"], "open"), f"{market}: an order is heard of")
    watching = asyncio.ensure_future(exchange.watch_orders(symbol))
    await exchange.cancel_order(placed["id"], symbol)
    heard = await asyncio.wait_for(watching, 20)
    check((heard[-1]["id"], heard[-1]["status"]) == (placed["id"], "canceled"), f"{market}: its end is heard of")
    watching = asyncio.ensure_future(exchange.watch_my_trades(symbol))
    await asyncio.sleep(0.5)
    bought = await exchange.create_order(symbol, "market", "buy", 0.05)
    heard = await asyncio.wait_for(watching, 20)
    check(heard[-1]["order"] == bought["id"], f"{market}: a trade is heard of")


def faults(said, market):
    """What goes wrong on the way, and what the simulator says of it afterwards."""
    url = next(one["http"] for one in said["markets"] if one["market"] == market)
    symbol = SYMBOLS[market]
    exchange = client(ccxt, market, said)
    exchange.load_markets()
    price = far_below(exchange, symbol)
    place = lambda: exchange.create_order(symbol, "limit", "buy", 0.05, price)
    asked(f"{url}/simulator/faults", '[[fault]]\nkind = "timeout-executed"\n')
    refused(f"{market}: an answer that never came", -1007, place)
    check(len(exchange.fetch_open_orders(symbol)) == 1, f"{market}: the order is there all the same")
    exchange.cancel_all_orders(symbol)
    asked(f"{url}/simulator/faults", '[[fault]]\nkind = "timeout-lost"\n')
    refused(f"{market}: a request that never arrived", -1007, place)
    check(exchange.fetch_open_orders(symbol) == [], f"{market}: there is no order")
    asked(f"{url}/simulator/faults", '[[fault]]\nkind = "throttle"\nfor = "2s"\n')
    refused(f"{market}: too many requests", -1003, lambda: exchange.fetch_order_book(symbol))
    asked(f"{url}/simulator/faults", "")
    counts = asked(f"{url}/simulator/state")["faults"]
    wanted = {"timeout-executed": 1, "timeout-lost": 1, "throttle": 1}
    check(wanted.items() <= counts.items(), f"{market}: the simulator counted them: {counts}")


def secure(said, authority):
    """The TLS listeners are those of the authority that was written."""
    trusted = ssl.create_default_context(cafile=authority)
    for one, path in zip(said["markets"], ("/api/v3/time", "/fapi/v1/time")):
        with urllib.request.urlopen(one["https"] + path, timeout=10, context=trusted) as reply:
            check(json.load(reply)["serverTime"] > 0, f"{one['market']}: TLS is trusted")


def main():
    authority = os.path.join(tempfile.mkdtemp(), "authority.pem")
    command = [sys.argv[1], "simulate", "--synthetic", "--seed", "7", "--json", "--for", "300s"]
    command += ["--tls", "--ca", authority]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            said = json.loads(simulator.stdout.readline())
            secure(said, authority)
            for market in SYMBOLS:
                exchange = client(ccxt, market, said)
                public(exchange, market)
                orders(exchange, market)
                refusals(said, market)
                signs_with_ed25519(said, market)
                asyncio.run(streams(said, market))
                faults(said, market)
        finally:
            simulator.terminate()
    print(f"ccxt {ccxt.__version__} trades on both markets")


main()
