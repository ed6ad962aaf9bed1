//! Accounts: two rows or none, one account for each email.

use drape_common::store::{
    Get, Record, memory::MemoryTable, queries::CreateAccount, tables::Login,
};
use drape_domain::User;

use crate::{aws::on_stack, samples::Sample};

fn account() -> (User, Login) {
    let user = User::sample();
    let login = Login {
        user_id: user.id,
        ..Login::sample()
    };
    (user, login)
}

async fn an_account_is_both_rows(users: impl CreateAccount + Get<User>, logins: impl Get<Login>) {
    let (user, login) = account();
    assert!(users.create_account(&user, &login).await.unwrap());
    assert_eq!(users.get(&user.key()).await.unwrap(), Some(user));
    assert_eq!(logins.get(&login.key()).await.unwrap(), Some(login));
}

async fn a_taken_email_writes_nothing(
    users: impl CreateAccount + Get<User>,
    logins: impl Get<Login>,
) {
    let (first, login) = account();
    assert!(users.create_account(&first, &login).await.unwrap());
    let (second, _) = account();
    let claim = Login {
        user_id: second.id,
        ..login.clone()
    };
    assert!(!users.create_account(&second, &claim).await.unwrap());
    assert_eq!(users.get(&second.key()).await.unwrap(), None);
    assert_eq!(logins.get(&login.key()).await.unwrap(), Some(login));
}

async fn of_many_who_want_an_email_one_gets_it(
    users: impl CreateAccount + Get<User> + Clone + 'static,
    logins: impl Get<Login>,
) {
    let (_, login) = account();
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let (users, (user, _)) = (users.clone(), account());
            let login = Login {
                user_id: user.id,
                ..login.clone()
            };
            tokio::spawn(async move {
                let won = users.create_account(&user, &login).await.unwrap();
                let stored = users.get(&user.key()).await.unwrap();
                assert_eq!(stored.is_some(), won, "a row without its other half");
                won.then_some(user.id)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for racer in racers {
        winners.extend(racer.await.unwrap());
    }
    let stored = logins.get(&login.key()).await.unwrap().unwrap();
    assert_eq!(winners, [stored.user_id]);
}

fn memory() -> (MemoryTable<User>, MemoryTable<Login>) {
    let users = MemoryTable::default();
    let logins = users.share();
    (users, logins)
}

macro_rules! contract {
    ($($clause:ident),+ $(,)?) => {$(
        mod $clause {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_memory() {
                let (users, logins) = memory();
                super::$clause(users, logins).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_dynamodb() {
                on_stack(async |stack| {
                    let (users, logins) = stack.accounts().await;
                    super::$clause(users, logins).await;
                })
                .await;
            }
        }
    )+};
}

contract! {
    an_account_is_both_rows,
    a_taken_email_writes_nothing,
    of_many_who_want_an_email_one_gets_it,
}
