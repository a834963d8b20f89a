"""The statements of `seed.py`, in order; `:name:` is replaced by a number or a word of ours."""

TEXTS = """
CREATE UNLOGGED TABLE seed_text (
  id int PRIMARY KEY, subject text, body text, quote text,
  search tsvector GENERATED ALWAYS AS (to_tsvector('zabota'::regconfig, subject || ' ' || body))
    STORED)
"""
# Messages are searched by a generated column; from words to stems is most of the work of loading.
# As there are only so many texts, what is found in each is put together instead, and checked.
GIVEN = """
UPDATE pg_attribute SET attgenerated = '' WHERE attrelid = 'tickets_message'::regclass
  AND attname = 'search'
"""
GENERATED = GIVEN.replace("''", "'s'")
EXPRESSION = """
SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE a.attrelid = 'tickets_message'::regclass AND a.attname = 'search'
"""
WRONG = """
SELECT count(*) FROM (SELECT * FROM tickets_message ORDER BY id DESC LIMIT 1000) m
WHERE strip(search) IS DISTINCT FROM strip({})
"""

# When ticket `n` was opened: 300 days, evenly, the last one three hours ago.
AT = "now() - interval '3 hours' - (:tickets: - n) * (interval '300 days' / :tickets:)"
LAST = ":tickets: - 2 * :open:"  # tickets up to this number are closed
NEWEST = ":tickets: - 5"  # those above have twenty messages

CUSTOMERS = """
INSERT INTO customers_customer (id, name, language, created_at)
SELECT c, 'Customer ' || c, CASE c % 2 WHEN 0 THEN 'ru' ELSE 'en' END, now() - interval '300 days'
FROM generate_series(1, :customers:) c
"""
IDENTITIES = """
INSERT INTO customers_identity (id, kind, value, customer_id, created_at)
SELECT c, 'email', 'c' || c || '@seed.example', c, now() - interval '300 days'
FROM generate_series(1, :customers:) c
"""
TICKETS = f"""
INSERT INTO tickets_ticket (
  id, number, subject, status, outcome, priority, channel, language, brand_id, inbox_id,
  customer_id, identity_id, category_id, team_id, assignee_id, tags, last_words, last_author,
  created_at, last_message_at, first_replied_at, solved_at, closed_at)
SELECT n, n, text.subject, status,
  CASE WHEN status >= 4 THEN 1 END, CASE WHEN n % 20 = 0 THEN 3 WHEN n % 5 = 0 THEN 2 ELSE 1 END,
  'email', 'ru', :brand:, :inbox:, n % :customers: + 1, n % :customers: + 1,
  (SELECT id FROM company_category ORDER BY id OFFSET n % 5 LIMIT 1),
  CASE WHEN n % :narrow: = 1 THEN :team: + :teams: ELSE :team: + n / 2 % :teams: END,
  CASE WHEN n % :narrow: = 0 THEN :narrow_agent:
       WHEN status = 0 OR n % 3 = 0 THEN NULL ELSE :agent: + n % :agents: END,
  CASE WHEN n % 2 = 0 THEN ARRAY['tag ' || n % 30] ELSE ARRAY[]::text[] END,
  left(text.body, 160), 0, {AT},
  {AT} + interval '2 hours'
    + CASE WHEN n > {NEWEST} THEN (:long: - :each:) * interval '3 minutes' ELSE '0' END,
  {AT} + interval '1 hour',
  CASE WHEN status >= 4 THEN greatest({AT}, now() - interval '3 days') END,
  CASE WHEN status = 5 THEN {AT} + interval '5 days' END
FROM generate_series(1, :tickets:) n
JOIN seed_text text ON text.id = n * 31 % :pool:
CROSS JOIN LATERAL (SELECT CASE WHEN n <= {LAST} THEN 5 WHEN n % 2 = 1 THEN 4
                           ELSE n / 8 % 4 END AS status) s
"""
# `k` is the place in the ticket; even ones are ours.
MESSAGES = f"""
INSERT INTO tickets_message (
  id, ticket_id, direction, author_kind, agent_id, author_name, author_address, copies, subject,
  text, quoted_text, html, external_id, is_automatic, warnings, inbound_id, created_at, search)
SELECT said.id, n, 1 - k % 2, 1 - k % 2, CASE WHEN k % 2 = 0 THEN :agent: + n % :agents: END,
  who.name, who.address, '[]', text.subject, concat_ws(' ', text.body, nullif(words, '')),
  CASE WHEN n > {NEWEST} THEN text.quote ELSE '' END,
  CASE WHEN n > {NEWEST} AND k % 2 = 1 THEN '<p>' || text.body || '</p>' END,
  's' || said.id || '@seed.example', false, '[]', CASE WHEN k % 2 = 1 THEN said.id END,
  {AT} + later,
  text.search || to_tsvector('zabota'::regconfig, concat_ws(' ', who.name, who.address, words))
FROM (
  SELECT n, k, :each: * (n - 1) + k AS id, (k - 1) * (interval '2 hours' / (:each: - 1)) AS later
  FROM generate_series(1, :tickets:) n CROSS JOIN generate_series(1, :each:) k
  UNION ALL
  SELECT n, k, :each: * :tickets: + (n - ({NEWEST}) - 1) * (:long: - :each:) + k - :each:,
         interval '2 hours' + (k - :each:) * interval '3 minutes'
  FROM generate_series({NEWEST} + 1, :tickets:) n CROSS JOIN generate_series(:each: + 1, :long:) k
) said
JOIN seed_text text ON text.id = said.id * 7919::bigint % :pool:
CROSS JOIN LATERAL (SELECT
  CASE k % 2 WHEN 1 THEN 'Customer ' || n % :customers: + 1 ELSE 'Agent' END AS name,
  CASE k % 2 WHEN 1 THEN 'c' || n % :customers: + 1 || '@seed.example' ELSE :address: END AS address
) who
CROSS JOIN LATERAL concat_ws(' ',
  CASE said.id % 3 WHEN 0 THEN :frequent_ru: WHEN 1 THEN :frequent_en: END,
  CASE WHEN said.id % 101 = 50 THEN :seldom: END,
  CASE WHEN said.id % :rare_step: = :rare_step: / 2 THEN :rare: END,
  CASE WHEN said.id BETWEEN :burst_from: AND :burst_to: THEN :burst: END) words
WHERE n % 2 = :half:
ORDER BY said.id
"""
NOTES = """
INSERT INTO tickets_note (id, ticket_id, agent_id, author_name, text, created_at)
SELECT row_number() OVER (ORDER BY t.id), t.id, :agent:, 'Agent', text.body, t.created_at
FROM tickets_ticket t JOIN seed_text text ON text.id = t.id * 13 % :pool: WHERE t.id % 10 = 0
"""
INBOUND = """
INSERT INTO intake_inbound (id, inbox_id, channel, external_id, body_hash, envelope, origin, state,
                            outcome, reason, received_at, applied_at)
SELECT m.id, :inbox:, 'email', m.external_id, decode(md5(m.external_id), 'hex'), '{}', 0, 1,
  2 - (m.id % :each: = 1)::int, '', m.created_at, m.created_at
FROM tickets_message m WHERE m.direction = 0
"""
DELIVERIES = """
INSERT INTO intake_delivery (id, channel, inbox_id, stream_kind, stream_id, message_id, recipient,
  is_automatic, external_id, payload, state, due_at, attempts, error, is_waiting, created_at,
  finished_at)
SELECT m.id, 'email', :inbox:, 'ticket', m.ticket_id, m.id,
  'c' || m.ticket_id % :customers: + 1 || '@seed.example', false, m.external_id,
  jsonb_build_object('text', m.text), 2, m.created_at, 1, '', false, m.created_at, m.created_at
FROM tickets_message m WHERE m.direction = 1
"""
# Opened, receipt, one line for each further message, taken by somebody; the long ones have more.
EVENTS = """
INSERT INTO events_event (id, stream_kind, stream_id, seq, kind, version, payload, actor_kind,
                          actor_id, at)
SELECT row_number() OVER (ORDER BY t.id, seq), 'ticket', t.id, seq, kind, 1, payload,
  CASE WHEN seq = 1 THEN 'customer' WHEN seq = 2 THEN 'system' ELSE 'agent' END,
  CASE WHEN seq = 1 THEN t.customer_id WHEN seq > 2 THEN :agent: + t.id % :agents: END,
  t.created_at + (seq - 1) * interval '10 minutes'
FROM tickets_ticket t
CROSS JOIN LATERAL (VALUES
  (1, 'ticket.opened', jsonb_build_object('ticket_id', t.id, 'message_id', :each: * (t.id - 1) + 1,
    'inbox_id', :inbox:, 'customer_id', t.customer_id, 'channel', 'email', 'origin', 'live',
    'automatic', false, 'follows_id', null)),
  (2, 'receipt.queued', jsonb_build_object('ticket_id', t.id)),
  (3, 'reply.sent', jsonb_build_object('ticket_id', t.id, 'message_id', :each: * (t.id - 1) + 2,
    'agent_id', :agent:)),
  (4, 'message.received', jsonb_build_object('ticket_id', t.id, 'message_id', :each: * t.id,
    'author', 'customer', 'origin', 'live', 'automatic', false)),
  (5, 'ticket.assigned', jsonb_build_object('ticket_id', t.id, 'before', null, 'after', :agent:)),
  (6, 'ticket.priority', jsonb_build_object('ticket_id', t.id, 'before', 1, 'after', 2)),
  (7, 'ticket.status', jsonb_build_object('ticket_id', t.id, 'before', 0, 'after', 1,
    'outcome', null)),
  (8, 'ticket.tags', jsonb_build_object('ticket_id', t.id, 'added', 2, 'removed', 1))
) AS e(seq, kind, payload)
WHERE seq <= 4 OR t.id % 10 = 0
"""
SEEN = """
INSERT INTO tickets_seen (id, agent_id, ticket_id, seen_at)
SELECT row_number() OVER (), :operator:, id, now() FROM tickets_ticket WHERE status < 4
  AND id % 3 = 0
"""

HALVES = [MESSAGES.replace(":half:", half) for half in "01"]
REST = [CUSTOMERS, IDENTITIES, TICKETS, NOTES, INBOUND, DELIVERIES, EVENTS, SEEN]
