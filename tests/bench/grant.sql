-- One grant in as few statements as its rows and locks allow: what `flow.granting.approve` writes, word for word
-- shorter. The guards, constraints and the ledger's function are the installation's own.
SELECT nextval('bench_grant') AS proposal \gset
BEGIN;
SELECT p.pi_id AS pi, p.organisation_id AS organisation, p.policy_id AS policy, c.envelope_id AS envelope,
    p.asked_provisional AS amount, p.asked_provisional * 4 / 10 AS first, p.asked_amount AS asked
    FROM proposals_proposal p JOIN programmes_call c ON c.id = p.call_id WHERE p.id = :proposal
    FOR NO KEY UPDATE OF p \gset
UPDATE timers_timer SET status = 'cancelled', ended_at = now()
    WHERE status = 'pending' AND subject_kind = 'proposals.proposal' AND subject_id = :proposal;
SELECT FROM people_user WHERE id = :pi FOR NO KEY UPDATE;
WITH moved AS (
    UPDATE proposals_proposal SET state = 'approved', decided_at = now() WHERE id = :proposal
), told AS (
    INSERT INTO audit_event (kind, subject_kind, subject_id, matter_id, actor_id, at, from_state, to_state, reason, data, cause)
    VALUES ('proposal.approve', 'proposals.proposal', :proposal, :proposal, :manager, now(), 'submitted', 'approved', 'Bold.', '{}', 'bench')
), decided AS (
    INSERT INTO decisions_decision (proposal_id, kind, by_id, at, reason, amount)
    VALUES (:proposal, 'approve', :manager, now(), 'Bold.', :amount)
)
INSERT INTO screening_report (proposal_id, policy_id, at, findings) VALUES (:proposal, :policy, now(), '[]');
WITH award AS (
    INSERT INTO funding_award (proposal_id, envelope_id, policy_id, organisation_id, pi_id, amount, asked_amount, version,
        state, offered_at, bank, account_number, account_holder, suspension_cause, suspension_reason, stop_reason,
        termination_kind, lesson)
    VALUES (:proposal, :envelope, :policy, :organisation, :pi, :amount, :asked, 1, 'offered', now(), '', '', '', '', '', '',
        '', '') RETURNING id
), tranches AS (
    INSERT INTO funding_tranche (award_id, envelope_id, number, amount, after_milestone, expected_on, state, attempt)
    SELECT id, :envelope::bigint, 1, :first::bigint, NULL::int, now()::date, 'scheduled', 1 FROM award
    UNION ALL SELECT id, :envelope::bigint, 2, :amount::bigint - :first::bigint, 1, now()::date + 60, 'scheduled', 1 FROM award
    RETURNING id
), milestones AS (
    INSERT INTO milestones_milestone (award_id, number, title, criterion, due_on, share_percent, state, round, is_critical)
    SELECT award.id, m.number, m.title, m.criterion, m.due_on, m.share_percent, 'planned', 0, m.is_critical
    FROM award, proposals_plannedmilestone m WHERE m.proposal_id = :proposal RETURNING id
), begun AS (
    SELECT 'award.begin' AS kind, 'funding.award' AS subject, id, 'offered' AS state FROM award
    UNION ALL SELECT 'tranche.begin', 'funding.tranche', id, 'scheduled' FROM tranches
    UNION ALL SELECT 'milestone.begin', 'milestones.milestone', id, 'planned' FROM milestones
), told AS (
    INSERT INTO audit_event (kind, subject_kind, subject_id, matter_id, actor_id, at, from_state, to_state, reason, data, cause)
    SELECT kind, subject, id, :proposal::bigint, :manager::bigint, now(), '', state, '', '{}', 'bench' FROM begun RETURNING id, kind
), clock AS (
    INSERT INTO timers_timer (kind, subject_kind, subject_id, matter_id, status, due_at, next_try_at, set_at, attempts, last_error)
    SELECT 'sign', 'funding.award', id, :proposal::bigint, 'pending', now() + '30 days', now() + '30 days', now(), 0, '' FROM award
    RETURNING id
), reminders AS (
    INSERT INTO timers_timer (kind, subject_kind, subject_id, matter_id, about_id, status, due_at, next_try_at, set_at, attempts, last_error)
    SELECT 'reminder', 'funding.award', award.id, :proposal::bigint, clock.id, 'pending', now() + days, now() + days, now(), 0, ''
    FROM award, clock, unnest(ARRAY['3 days', '25 days']::interval[]) days
), messages AS (
    INSERT INTO outbox_message (to_id, subject, body, key, event_id, matter_id, status, created_at, next_try_at, attempts, last_error)
    SELECT people.id, 'Approved', repeat('0123456789', 40), told.id || ':' || 'award_offered' || ':' || people.id, told.id, :proposal::bigint,
        'pending', now(), now(), 0, ''
    FROM told, (
        SELECT id FROM people_user WHERE id = :pi OR (organisation_id = :organisation AND is_signatory AND is_active)
    ) people WHERE told.kind = 'award.begin'
)
SELECT id AS award FROM award \gset
SELECT FROM people_organisation WHERE id = :organisation FOR NO KEY UPDATE;
SELECT FROM programmes_envelope WHERE id = :envelope FOR NO KEY UPDATE;
SELECT sum(t.amount) AS exposed, coalesce(sum(t.amount) FILTER (WHERE a.organisation_id = :organisation), 0) AS theirs
    FROM funding_award a JOIN funding_tranche t ON t.award_id = a.id
    WHERE a.envelope_id = :envelope AND a.state IN ('offered', 'provisional')
    AND t.state IN ('scheduled', 'ready', 'approved') AND t.expected_on <= now()::date + 90 \gset
WITH told AS (
    INSERT INTO audit_event (kind, subject_kind, subject_id, matter_id, actor_id, at, from_state, to_state, reason, data, cause)
    VALUES ('award.reserved', 'funding.award', :award, :proposal, :manager, now(), '', '', '',
        jsonb_build_object('programme_exposure', ARRAY[:exposed::bigint, :exposed::bigint], 'organisation_exposure', ARRAY[:theirs::bigint, :theirs::bigint]), 'bench')
    RETURNING id
)
SELECT m.* FROM told, ledger_move('reserved', :envelope, NULL, 'available', :award, 'reserved', :amount, now(),
    'reserve:' || :award::bigint, told.id) m;
COMMIT;
