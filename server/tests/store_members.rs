//! What every store must do for charts with members: who may read whose membership, what an account ceased to
//! belong to, and the wraps and answers of invites.

#![allow(clippy::unwrap_used)]

mod common;

use common::stores::{append_some, bodies, each, read, space, write};
use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::ids::{Class, EntryHash, InviteId};
use holdfast_protocol::keys::Wrapped;
use holdfast_relay::store::{JoinAnswer, Pending, StoredWrap};

#[test]
fn who_may_read_whose_membership_is_kept_each_way_apart() {
    each(|store| {
        let (ana, cruz, dora) = (space(store), space(store), space(store));
        let (a, c, d) = (ana.no, cruz.no, dora.no);
        write(store, move |w| {
            w.set_acquainted(a, c, 3)?;
            w.set_acquainted(c, a, 5)?;
            w.set_acquainted(c, d, 6)
        });
        assert_eq!(read(store, |r| r.acquaintances(a, 0)), vec![(3, cruz.id)]);
        assert_eq!(read(store, |r| r.acquaintances(c, 0)), vec![(5, ana.id), (6, dora.id)]);
        assert_eq!(read(store, |r| r.acquaintances(c, 5)), vec![(6, dora.id)], "moved after");
        assert_eq!(read(store, |r| r.acquaintances(d, 0)), vec![], "the other way is not said");
        assert_eq!(read(store, |r| r.acquainted_with(a)), vec![(c, cruz.id)]);
        assert_eq!(read(store, |r| r.acquainted_with(d)), vec![(c, cruz.id)]);
        write(store, move |w| w.set_acquainted(c, a, 9));
        assert_eq!(read(store, |r| r.acquaintances(c, 0)), vec![(6, dora.id), (9, ana.id)]);
        write(store, move |w| w.drop_acquainted(c, a));
        assert_eq!(read(store, |r| r.acquaintances(c, 0)), vec![(6, dora.id)]);
        assert_eq!(read(store, |r| r.acquaintances(a, 0)), vec![(3, cruz.id)]);
        assert_eq!(read(store, |r| r.acquainted_with(a)), vec![]);
    });
}

#[test]
fn a_chart_that_is_gone_is_no_space_of_the_account_until_it_comes_back() {
    each(|store| {
        let (account, chart, other) = (space(store), space(store), space(store));
        append_some(store, &chart, 1);
        let (a, c, o) = (account.no, chart.no, other.no);
        let (device, generation) = (chart.account.phone.id(), read(store, |r| r.generation()));
        let position = read(store, |r| r.head(c));
        let cursor = SignedCursor::sign(&chart.account.phone, chart.id, generation, position);
        write(store, move |w| {
            w.set_moved(a, c, 2)?;
            w.set_moved(a, o, 3)?;
            w.put_cursor(c, &cursor, 7)?;
            w.set_cursor_moved(a, c, &device, 3)?;
            w.set_gone(a, c, 4)
        });
        assert!(!read(store, |r| r.belongs(a, c)));
        assert_eq!(read(store, |r| r.moved(a, 0)), vec![(o, other.id)]);
        assert_eq!(read(store, |r| r.count_spaces(a)), 1);
        let nobody = account.account.phone.id();
        assert_eq!(read(store, |r| r.moved_cursors(a, 0, &nobody, 9)), vec![], "nor its cursors");
        assert_eq!(read(store, |r| r.gone(a, 3)), vec![chart.id]);
        assert_eq!(read(store, |r| r.gone(a, 4)), vec![]);
        assert_eq!(read(store, |r| r.gone(c, 0)), vec![], "of this account alone");
        assert_eq!(read(store, |r| r.head(c)), position, "the chart itself is untouched");
        write(store, move |w| w.set_moved(a, c, 6));
        assert_eq!(read(store, |r| r.gone(a, 0)), vec![], "it belongs again");
        assert!(read(store, |r| r.belongs(a, c)));
    });
}

#[test]
fn the_membership_of_a_space_is_read_without_what_lies_between() {
    each(|store| {
        let (space, other) = (space(store), self::space(store));
        append_some(store, &space, 5);
        let found = read(store, |r| {
            let mut found = Vec::new();
            r.membership(space.no, &mut |seq, bytes| {
                found.push((seq, bytes.to_vec()));
                Ok(())
            })?;
            Ok(found)
        });
        assert_eq!(found, vec![(1, space.account.genesis.clone())]);
        let bytes = space.account.genesis.len() as u64;
        assert_eq!(read(store, |r| r.membership_bytes(space.no)), bytes);
        let others = other.account.genesis.len() as u64;
        assert_eq!(read(store, |r| r.membership_bytes(other.no)), others);
    });
}

#[test]
fn all_content_of_a_space_is_dropped_and_its_membership_kept() {
    each(|store| {
        let (space, other) = (space(store), self::space(store));
        append_some(store, &space, 3);
        append_some(store, &other, 3);
        let no = space.no;
        write(store, move |w| {
            w.put_pending(no, Pending { by: 4, since_ms: 9 })?;
            w.drop_content(no)
        });
        let kept: Vec<_> = bodies(store, no).into_iter().map(|(_, kept)| kept).collect();
        assert_eq!(kept, vec![true, false, false, false], "places stay, the genesis stays whole");
        assert!(bodies(store, other.no).into_iter().all(|(_, kept)| kept), "no other space");
        assert!(read(store, |r| r.spaces_pending()).is_empty());
    });
}

#[test]
fn wraps_are_kept_apart_by_class_and_join_answers_by_space() {
    each(|store| {
        let (space, other) = (space(store), self::space(store));
        let (no, elsewhere, device) = (space.no, other.no, space.account.phone.id());
        let (one, two) = (InviteId([3; 32]), InviteId([4; 32]));
        let wrap =
            |class, byte| StoredWrap { class, wrapped: Wrapped(vec![byte]), expires_at_ms: 50 };
        let answer = |byte| JoinAnswer {
            admission: EntryHash([byte; 32]),
            seq: 2,
            keys: vec![],
            expires_at_ms: 70,
        };
        let (plan, log, of_two) = (wrap(Class::Plan, 1), wrap(Class::Log, 2), wrap(Class::Log, 3));
        let kept = vec![plan.clone(), log.clone()];
        let (here, there) = (answer(1), answer(2));
        let (here_too, there_too) = (here.clone(), there.clone());
        write(store, move |w| {
            w.put_wrap(no, &one, &log)?;
            w.put_wrap(no, &one, &plan)?;
            w.put_wrap(no, &two, &of_two)?;
            assert_eq!(w.wraps(no)?, vec![one, two], "each once");
            assert_eq!(w.wraps(elsewhere)?, vec![]);
            w.put_join_answer(&device, no, &here)?;
            w.put_join_answer(&device, elsewhere, &there)
        });
        assert_eq!(read(store, |r| r.wraps_of(no, &one)), kept, "by class");
        assert_eq!(read(store, |r| r.join_answer(&device, no)), Some(here_too));
        write(store, move |w| {
            w.drop_wraps(no, &one, &[Class::Log, Class::Notes])?;
            w.drop_join_answer(&device, no)
        });
        assert_eq!(read(store, |r| r.wraps_of(no, &one)), kept[..1]);
        assert_eq!(read(store, |r| r.wraps_of(no, &two)).len(), 1);
        assert_eq!(read(store, |r| r.join_answer(&device, no)), None);
        assert_eq!(read(store, |r| r.join_answer(&device, elsewhere)), Some(there_too));
    });
}
