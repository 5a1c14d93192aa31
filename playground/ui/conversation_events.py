"""What the list of conversations does on the server: new, open, rename, import, export, link. Knows no store."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ..conversation import exchange, records, room
from ..conversation.records import UnreadableError
from ..conversation.share import query_of, read_query
from ..types import Contender
from .brought import brought
from .chat_page import ChatPage
from .chat_session import Session, new_id
from .quiet import DIRECT, QUIET
from .untyped import EventData, Request


class ConversationEvents:
    """Handlers; each returns updates by component."""

    def __init__(self, page: ChatPage) -> None:
        self._page = page

    def begin(self, session: Session) -> dict[Any, Any]:
        """An empty page. The settings stay: most people go on with them."""
        self._page.at_rest(session)
        return self._page.still(Session())

    def open(self, session: Session, chosen: str, event: EventData) -> dict[Any, Any]:
        """A kept conversation, with the model, prompt and parameters of its last answer."""
        self._page.at_rest(session)
        try:
            conversation = records.load(json.loads(event.record))
        except (UnreadableError, ValueError) as error:
            return self._page.tells(session, note=f"This conversation cannot be opened. {error}")
        opened = Session(conversation, saved=len(conversation.turns))
        settings, note = self._settings(conversation.contender, chosen)
        return {**self._page.still(opened, **({"note": note} if note else {})), **settings}

    def take(self, session: Session, chosen: str, event: EventData) -> dict[Any, Any]:
        """A file somebody has: it becomes a conversation of its own."""
        self._page.at_rest(session)
        try:
            conversation = exchange.read_file(str(event.text), new_id())
            if records.size(conversation) > room.LARGEST_FILE:
                raise UnreadableError("It has more messages than a conversation can be opened with: split the file.")
        except UnreadableError as error:
            return self._page.tells(session, note=f"Nothing was imported. {error}")
        taken, asks = Session(conversation).touched(), conversation.contender
        if asks.model:
            settings, note = self._settings(asks, chosen)
        else:  # a list of messages says nothing of parameters: the page's own stay
            settings = {self._page.tab.askings.system_prompt: asks.system_prompt} if asks.system_prompt else {}
            note = ""
        return {**self._page.still(taken, note=f"Imported. {note}".strip()), **settings}

    def _settings(self, asks: Contender, chosen: str) -> tuple[dict[Any, Any], str]:
        """(updates that make the page ask as a conversation did, what is to be said of it). Where its model is gone
        the chosen one stays, and takes of the parameters what it can."""
        if card := self._page.card(asks.model):
            return self._page.shows(asks, card), ""
        card = self._page.card(chosen) or self._page.backends.catalog.default()
        note = f"{asks.model[:100]} is not in the list of models: {card.name} answers instead." if asks.model else ""
        return self._page.shows(replace(asks, model=""), card), note

    def give(self, session: Session, event: EventData) -> dict[Any, Any]:
        """The conversation in view as a file."""
        conversation = session.conversation
        if not conversation.turns:
            return self._page.tells(session, note="There is nothing to export yet.")
        is_json = event.form == "json"
        text = records.to_json(conversation) if is_json else exchange.to_markdown(conversation)
        name = "".join(sign if sign.isalnum() else "-" for sign in conversation.name).strip("-")[:50] or "conversation"
        return self._page.tells(session, file={"name": f"{name}.{'json' if is_json else 'md'}", "text": text})

    def rename(self, session: Session, event: EventData) -> dict[Any, Any]:
        return {self._page.tab.session: session.renamed(str(event.title)[: records.LONGEST_TITLE])}

    def save_all(self, session: Session) -> dict[Any, Any]:
        """The script lacks what came before: it is told the whole conversation."""
        return self._page.still(replace(session, saved=0)) if not session.running else {}

    def link(self, session: Session, **values: Any) -> dict[Any, Any]:
        """The page's settings as a link. A key is no part of them."""
        contender = self._page.tab.askings.read(values).contender
        query, lost = query_of(contender)
        return self._page.tells(session, link=query, note=" ".join(lost))

    def arrive(self, session: Session, request: Request) -> dict[Any, Any]:
        """A page opened by such a link."""
        backends = self._page.backends
        contender, problems = read_query(dict(request.query_params), backends.catalog, backends.learned.of)
        if contender is None:
            return {self._page.tab.session: session}
        note = " ".join(problems)
        card = self._page.card(contender.model) or backends.catalog.default()
        return {
            self._page.tab.session: session,
            **self._page.shows(contender, card),
            **(self._page.tells(session, note=note) if note else {}),
        }


def wire(page: ChatPage, loaded: Any) -> None:
    """`loaded` is the event of a page that has just been opened."""
    tab, events = page.tab, ConversationEvents(page)
    settings = [tab.askings.model, tab.askings.system_prompt, *tab.askings.sampling.inputs]
    tab.page.clear(events.begin, tab.session, tab.shown, **QUIET)
    tab.page.select(events.open, [tab.session, tab.askings.model], [*tab.shown, *settings], **QUIET)
    tab.page.upload(events.take, [tab.session, tab.askings.model], [*tab.shown, *settings], **QUIET)
    tab.page.download(events.give, tab.session, tab.page, **DIRECT)
    tab.page.input(events.rename, tab.session, tab.session, **DIRECT)
    tab.page.apply(events.save_all, tab.session, tab.shown, **DIRECT)
    tab.page.copy(events.link, tab.session, tab.page, inputs_kwargs=tab.askings.named, **DIRECT)
    brought(loaded(events.arrive, tab.session, [tab.session, tab.page, *settings], **DIRECT), "link")
