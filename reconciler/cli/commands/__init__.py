"""What each verb does, once the command line has said which one is meant."""
