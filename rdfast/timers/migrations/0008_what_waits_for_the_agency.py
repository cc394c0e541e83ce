from django.db import migrations, models

# What waits for the agency is told every week, and a released payment waits for the bank's word: what stood still
# before gets its clock.
AGAIN = """
    INSERT INTO timers_timer (
        kind, subject_kind, subject_id, matter_id, status, due_at, next_try_at, set_at, attempts, last_error,
        late_since
    )
    SELECT still.kind, still.subject_kind, still.subject_id, still.matter_id, 'pending',
        now() + interval '7 days', now() + interval '7 days', now(), 0, '', (
            SELECT t.due_at FROM timers_timer t WHERE t.kind = still.kind AND t.status = 'done'
            AND t.subject_kind = still.subject_kind AND t.subject_id = still.subject_id
            ORDER BY t.id DESC LIMIT 1
        )
    FROM (
        SELECT CASE t.state
            WHEN 'ready' THEN 'approve_tranche' WHEN 'approved' THEN 'release_tranche' ELSE 'settle_tranche' END AS kind,
            'funding.tranche' AS subject_kind, t.id AS subject_id, a.proposal_id AS matter_id
        FROM funding_tranche t JOIN funding_award a ON a.id = t.award_id
        WHERE t.state IN ('ready', 'approved', 'released')
        UNION ALL
        SELECT 'decide_claim', 'settlement.claim', c.id, a.proposal_id
        FROM settlement_claim c JOIN funding_award a ON a.id = c.award_id WHERE c.state = 'submitted'
        UNION ALL
        SELECT 'notice_recovery', 'settlement.recovery', r.id, a.proposal_id
        FROM settlement_recovery r JOIN funding_award a ON a.id = r.award_id WHERE r.state = 'proposed'
        UNION ALL
        SELECT 'check_account', 'funding.award', a.id, a.proposal_id FROM funding_award a WHERE EXISTS (
            SELECT FROM funding_newaccount n WHERE n.award_id = a.id AND n.checked_at IS NULL
        ) AND a.state IN ('provisional', 'confirmed', 'provisional_suspended', 'confirmed_suspended')
        UNION ALL
        SELECT 'second_motion', 'funding.motion', m.id, a.proposal_id
        FROM funding_motion m JOIN funding_award a ON a.id = m.award_id WHERE m.state = 'proposed'
        UNION ALL
        SELECT CASE p.state WHEN 'recommended' THEN 'second_approval' ELSE 'decide' END,
            'proposals.proposal', p.id, p.id
        FROM proposals_proposal p WHERE p.escalated_at IS NOT NULL AND p.waits_since IS NULL
        AND p.state IN ('submitted', 'reopened', 'recommended')
    ) still
    WHERE NOT EXISTS (
        SELECT FROM timers_timer t WHERE t.kind = still.kind AND t.status = 'pending'
        AND t.subject_kind = still.subject_kind AND t.subject_id = still.subject_id
    );
"""


class Migration(migrations.Migration):
    dependencies = [
        ("timers", "0007_evaluations_that_stand_still"),
        ("funding", "0005_asked_and_envelope_required"),
        ("settlement", "0003_second_half"),
    ]

    operations = [
        migrations.AddField(
            model_name="timer",
            name="late_since",
            field=models.DateTimeField(null=True, verbose_name="late since"),
        ),
        migrations.AlterField(
            model_name="timer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reminder", "Reminder"),
                    ("decide", "Decision on the proposal"),
                    ("second_approval", "Second approval"),
                    ("resubmit", "Proposal sent in again"),
                    ("sign", "Agreement signed"),
                    ("approve_tranche", "Payment approved"),
                    ("release_tranche", "Payment released"),
                    ("check_account", "New payment account checked"),
                    ("settle_tranche", "Payment confirmed by the bank"),
                    ("account", "Payment accounted for"),
                    ("open_milestone", "Milestone opens"),
                    ("report_due", "Milestone report"),
                    ("report_missed", "Last day for the late milestone report"),
                    ("cure", "Milestone put right"),
                    ("answer_invitation", "Answer to the invitation to review"),
                    ("deliver_review", "Review delivered"),
                    ("reach_quorum", "Enough reviews"),
                    ("confirm_finding", "Finding confirmed"),
                    ("decide_claim", "Decision on the claim"),
                    ("plan_due", "Plan handed in"),
                    ("decide_plan", "Decision on the plan"),
                    ("confirm", "Award confirmed"),
                    ("confirm_late", "Late confirmation of the award"),
                    ("second_motion", "Second signature"),
                    ("resolve", "Suspension resolved"),
                    ("open_termination", "Proceeding for termination opens"),
                    ("act_on_failure", "Answer to the missed or failed milestone"),
                    ("answer_change", "Answer to the proposed change"),
                    ("reply", "Reply to the notice"),
                    ("decide_proceeding", "Decision in the proceeding"),
                    ("final_report", "Final report"),
                    ("final_claim", "Last claim"),
                    ("close", "Award closed"),
                    ("notice_recovery", "Notice of the recovery given"),
                    ("contest", "Objection to the recovery"),
                    ("determine", "Recovery determined"),
                    ("demand", "Recovery demanded"),
                    ("pay", "Recovery paid"),
                    ("dun", "Reminder of the unpaid recovery"),
                    ("refer", "Recovery referred to the tax office"),
                    ("decide_appeal", "Decision on the appeal"),
                ],
                max_length=20,
                verbose_name="deadline",
            ),
        ),
        migrations.RunSQL(AGAIN, migrations.RunSQL.noop),
    ]
