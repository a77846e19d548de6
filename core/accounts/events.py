"""Our events in one sentence each; who and when stand beside it."""

SENTENCES = {
    "user.profile_edited": "changed their profile",
    "token.created": "made the token “{data[label]}” for {data[user]}",
    "token.revoked": "revoked the token “{data[label]}”",
}
