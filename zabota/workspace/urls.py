"""Addresses of the workspace."""

from django.urls import path

from zabota.workspace import built
from zabota.workspace.views import (
    account,
    blocks,
    content,
    customers,
    letters,
    lists,
    post,
    style,
    tickets,
    writing,
)

urlpatterns = [
    path("", lists.home, name="home"),
    path("views/<slug:slug>", lists.show_view, name="view"),
    path("search", lists.search, name="search"),
    path("tickets/new", writing.new_ticket, name="new_ticket"),
    path("tickets/<int:number>", tickets.show_ticket, name="ticket"),
    path("tickets/<int:number>/changes", tickets.change, name="changes"),
    path("tickets/<int:number>/messages", writing.write, name="write"),
    path("tickets/<int:number>/draft", tickets.draft, name="draft"),
    path("tickets/<int:number>/seen", tickets.seen, name="seen"),
    path("messages/<int:pk>/original", content.original, name="original"),
    path("messages/<int:pk>/undo", writing.undo, name="undo"),
    path("attachments/<int:pk>", content.attachment, name="attachment"),
    path("customers/<int:pk>", customers.show_customer, name="customer"),
    path("outbox", post.outbox, name="outbox"),
    path("outbox/many", post.outbox_many, name="outbox_many"),
    path("outbox/<int:pk>/retry", post.retry_sending, name="retry_delivery"),
    path("inbound", post.inbound, name="inbound"),
    path("inbound/many", post.inbound_many, name="inbound_many"),
    path("inbound/<int:pk>", letters.letter, name="inbound_letter"),
    path("inbound/<int:pk>/original", letters.letter_original, name="inbound_original"),
    path("inbound/<int:pk>/raw", letters.letter_raw, name="inbound_raw"),
    path("inbound/<int:pk>/retry", letters.let_letter_in, name="let_in"),
    path("chores/<int:pk>/undo", post.undo_many, name="undo_chore"),
    path("settings/blocks", blocks.blocks, name="blocks"),
    path("settings/blocks/<int:pk>/remove", blocks.remove_block, name="unblock"),
    path("settings/me", account.my_settings, name="my_settings"),
    path("settings/me/looks", account.my_looks, name="my_looks"),
    path("sign-in", account.sign_in, name="account_login"),
    path("sign-out", account.sign_out, name="sign_out"),
    path("setup/<str:secret>", account.setup, name="setup"),
    path("static/built/<str:name>", built.serve, name="built"),
    path("style", style.style, name="style"),
]
