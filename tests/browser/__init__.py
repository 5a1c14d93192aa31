"""The real browser. JOURNEYS says which test walks each of the ways through the page that matter most."""

JOURNEYS = {
    "first question": "test_chat.test_a_question_is_answered_as_tokens_arrive_with_figures_below",
    "stop": "test_chat.test_the_answer_grows_while_it_streams_and_stop_keeps_what_came",
    "stop and continue": "test_conversations.test_an_answer_that_was_stopped_goes_on_where_it_was",
    "continue": "test_conversations.test_an_answer_that_was_cut_says_so_and_goes_on",
    "change model with a refused parameter": (
        "test_chat.test_a_parameter_that_the_model_refuses_is_disabled_with_the_reason"
    ),
    "key missing": "test_chat.test_a_model_without_a_key_says_which_variable_is_missing",
    "blind battle to reveal": "test_arena.test_a_battle_by_mouse_from_the_prompt_to_the_next_one",
    "undo": "test_arena.test_a_battle_by_keyboard_with_undo",
    "side by side": "test_arena.test_named_columns_answer_side_by_side_and_are_voted_on",
    "sweep with stop": "test_experiments.test_a_sweep_on_the_embedded_model_is_stopped_and_resumed_after_a_restart",
    "next token": "test_tokens.test_a_text_its_next_token_and_its_perplexity",
    "leaderboard filter and download": "test_leaderboard.test_table_filters_verdict_and_downloads",
}
