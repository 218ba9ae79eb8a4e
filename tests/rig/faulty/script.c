/* Reads the script. Nothing here prints a line of it: it may hold what is typed on the pad. */
#define _GNU_SOURCE
#include "script.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AS_NAME(name) #name,
static const char *const FUNCTION_NAMES[] = {FUNCTIONS(AS_NAME) "any"};

typedef struct { const char *name; CK_ULONG value; } Named;
#define AS_NAMED(name, value) {#name, value},
static const Named CODES[] = {RETURN_CODES(AS_NAMED) {NULL, 0}};
static const Named KNOWN_MECHANISMS[] = {MECHANISMS(AS_NAMED) {NULL, 0}};
static const Named KNOWN_ATTRIBUTES[] = {ATTRIBUTES(AS_NAMED) {NULL, 0}};
static const Named MOMENTS[] = {{"before", BEFORE}, {"during", DURING}, {"after", AFTER}, {NULL, 0}};
static const Named DEATHS[] = {{"segv", SEGV}, {"abort", ABORT}, {"exit", EXIT}, {NULL, 0}};
static const Named DAMAGES[] = {{"flip", FLIP}, {"short", SHORT}, {"long", LONG}, {"zero", ZERO}, {NULL, 0}};
static const Named PADS[] = {{"user", PAD_USER}, {"so", PAD_SO}, {"new", PAD_NEW}, {NULL, 0}};
static const Named TRUTHS[] = {{"false", 0}, {"true", 1}, {"absent", (CK_ULONG)-1}, {NULL, 0}};
static const Named STRING_NAMES[] = {
    {"label", LABEL}, {"manufacturer", MANUFACTURER}, {"model", MODEL}, {"serial", SERIAL}, {NULL, 0}};
static const Named FLAGS[] = {
    {"user-low", CKF_USER_PIN_COUNT_LOW}, {"user-final", CKF_USER_PIN_FINAL_TRY}, {"user-locked", CKF_USER_PIN_LOCKED},
    {"user-to-be-changed", CKF_USER_PIN_TO_BE_CHANGED}, {"so-low", CKF_SO_PIN_COUNT_LOW},
    {"so-final", CKF_SO_PIN_FINAL_TRY}, {"so-locked", CKF_SO_PIN_LOCKED},
    {"so-to-be-changed", CKF_SO_PIN_TO_BE_CHANGED}, {"user-set", CKF_USER_PIN_INITIALIZED}, {NULL, 0}};

const char *function_name(int function) { return FUNCTION_NAMES[function]; }

const char *return_code_name(CK_RV value) {
    for (const Named *each = CODES; each->name; each++)
        if (each->value == value) return each->name;
    return NULL;
}

static bool number_of(const char *word, CK_ULONG *value) {
    if (!word || word[0] < '0' || word[0] > '9') return false;
    char *end;
    errno = 0;
    *value = strtoul(word, &end, 0);
    return !*end && !errno;
}

static bool named(const Named *table, const char *word, CK_ULONG *value) {
    for (; word && table->name; table++)
        if (!strcmp(table->name, word)) return *value = table->value, true;
    return false;
}

static bool named_or_number(const Named *table, const char *word, CK_ULONG *value) {
    return named(table, word, value) || number_of(word, value);
}

static bool function_of(const char *word, Rule *rule) {
    for (int each = 0; word && each <= ANY; each++)
        if (!strcmp(FUNCTION_NAMES[each], word)) return rule->function = each, true;
    return false;
}

/* "3": that call; "3-": from it on; "3-5": those; "*": every call. Calls count from 1. */
static bool when_of(char *word, Rule *rule) {
    rule->from = 1, rule->to = UINT64_MAX;
    if (!word) return false;
    if (!strcmp(word, "*")) return true;
    char *dash = strchr(word, '-');
    if (dash) *dash = 0;
    if (!number_of(word, &rule->from) || !rule->from) return false;
    if (!dash) return rule->to = rule->from, true;
    return !dash[1] || (number_of(dash + 1, &rule->to) && rule->to >= rule->from);
}

static bool hex_of(const char *word, CK_BYTE *text, size_t *length) {
    size_t count = word ? strlen(word) : 1;
    if (count % 2 || count / 2 > MAX_TEXT || strspn(word, "0123456789abcdefABCDEF") != count) return false;
    for (size_t each = 0; each < count / 2; each++) {
        unsigned byte;
        sscanf(word + 2 * each, "%2x", &byte);
        text[each] = (CK_BYTE)byte;
    }
    *length = count / 2;
    return true;
}

static bool text_of(const char *rest, Rule *rule) {
    rule->length = rest ? strlen(rest) : 0;
    if (!rule->length || rule->length > MAX_TEXT) return false;
    memcpy(rule->text, rest, rule->length);
    return true;
}

static char *next(char **rest) {
    char *word = strsep(rest, " ");
    while (word && !*word) word = strsep(rest, " ");
    return word;
}

static bool how_of(const Named *table, const char *word, Rule *rule) {
    CK_ULONG value;
    if (!named(table, word, &value)) return false;
    rule->how = (int)(long)value;
    return true;
}

static bool performed_of(char **rest, Rule *rule) {
    const char *word = next(rest);
    rule->performed = word != NULL;
    return !word || !strcmp(word, "performed");
}

static bool rule_of(const char *word, char **rest, Rule *rule) {
    if (!strcmp(word, "remove"))
        return rule->kind = REMOVE, function_of(next(rest), rule) && when_of(next(rest), rule) &&
               (rule->to = UINT64_MAX) && how_of(MOMENTS, next(rest), rule);
    if (!strcmp(word, "logout"))
        return rule->kind = LOGOUT, function_of(next(rest), rule) && when_of(next(rest), rule);
    if (!strcmp(word, "delay"))
        return rule->kind = DELAY, function_of(next(rest), rule) && when_of(next(rest), rule) &&
               number_of(next(rest), &rule->number);
    if (!strcmp(word, "hang"))
        return rule->kind = HANG, function_of(next(rest), rule) && when_of(next(rest), rule);
    if (!strcmp(word, "answer"))
        return rule->kind = ANSWER, function_of(next(rest), rule) && when_of(next(rest), rule) &&
               named_or_number(CODES, next(rest), &rule->number) && performed_of(rest, rule);
    if (!strcmp(word, "crash"))
        return rule->kind = CRASH, function_of(next(rest), rule) && when_of(next(rest), rule) &&
               how_of(DEATHS, next(rest), rule) && performed_of(rest, rule);
    if (!strcmp(word, "value"))
        return rule->kind = VALUE, rule->function = F_C_Sign, when_of(next(rest), rule) &&
               how_of(DAMAGES, next(rest), rule);
    if (!strcmp(word, "pad-types"))
        return rule->kind = PAD, rule->function = ANY, how_of(PADS, next(rest), rule) && when_of(next(rest), rule) &&
               text_of(*rest, rule) && ((*rest = NULL), true);
    if (!strcmp(word, "hide"))
        return rule->kind = HIDE, text_of(*rest, rule) && ((*rest = NULL), true);
    if (!strcmp(word, "always-authenticate")) {
        const char *id = next(rest);
        return rule->kind = STRICT, !id || hex_of(id, rule->text, &rule->length);
    }
    if (!strcmp(word, "attribute") || !strcmp(word, "make"))
        return rule->kind = word[0] == 'a' ? LIE : MAKE,
               named_or_number(KNOWN_ATTRIBUTES, next(rest), &rule->number) && how_of(TRUTHS, next(rest), rule) &&
               (rule->kind == LIE || rule->how >= 0);
    return false;
}

static bool mechanisms_of(char **rest, Script *script) {
    const char *word = next(rest);
    if (!word || (strcmp(word, "only") && strcmp(word, "without")) || script->chosen_count) return false;
    script->only = word[0] == 'o';
    while ((word = next(rest)))
        if (script->chosen_count == MAX_CHOSEN ||
            !named_or_number(KNOWN_MECHANISMS, word, &script->chosen[script->chosen_count++]))
            return false;
    return script->chosen_count > 0;
}

static bool version_of(char *word, CK_VERSION *version, bool *given) {
    CK_ULONG major, minor;
    char *dot = word ? strchr(word, '.') : NULL;
    if (!dot) return false;
    *dot = 0;
    if (!number_of(word, &major) || !number_of(dot + 1, &minor) || major > 255 || minor > 255) return false;
    version->major = (CK_BYTE)major, version->minor = (CK_BYTE)minor;
    return *given = true;
}

/* -1: not a setting. */
static int setting_of(const char *word, char **rest, Script *script) {
    CK_ULONG value;
    if (!strcmp(word, "inserted")) return number_of(next(rest), &value) && (script->inserted = value, true);
    if (!strcmp(word, "removal")) return named_or_number(CODES, next(rest), &script->removal);
    if (!strcmp(word, "stale")) return named_or_number(CODES, next(rest), &script->stale);
    if (!strcmp(word, "user-tries")) return number_of(next(rest), &script->user_tries) && script->user_tries;
    if (!strcmp(word, "so-tries")) return number_of(next(rest), &script->so_tries) && script->so_tries;
    if (!strcmp(word, "pad")) return script->pad = true;
    if (!strcmp(word, "hide-empty")) return script->hide_empty = true;
    if (!strcmp(word, "mechanisms")) return mechanisms_of(rest, script);
    if (!strcmp(word, "pin")) {
        if (!named(FLAGS, next(rest), &value)) return false;
        const char *off = next(rest);
        *(off ? &script->flags_cleared : &script->flags_set) |= value;
        return !off || !strcmp(off, "off");
    }
    if (!strcmp(word, "string")) {
        if (!named(STRING_NAMES, next(rest), &value)) return false;
        script->strings[value].given = true;
        return hex_of(next(rest), script->strings[value].text, &script->strings[value].length);
    }
    if (!strcmp(word, "hardware")) return version_of(next(rest), &script->hardware.value, &script->hardware.given);
    if (!strcmp(word, "firmware")) return version_of(next(rest), &script->firmware.value, &script->firmware.given);
    return -1;
}

static bool line_of(char *line, Script *script) {
    line[strcspn(line, "\r\n")] = 0;
    char *rest = line, *word = next(&rest);
    if (!word || word[0] == '#') return true;
    int setting = setting_of(word, &rest, script);
    if (setting < 0) {
        Rule rule = {0};
        if (script->rule_count == MAX_RULES || !rule_of(word, &rest, &rule)) return false;
        script->rules[script->rule_count++] = rule;
    }
    return setting && !next(&rest);
}

bool script_read(const char *path, Script *script, unsigned *line) {
    memset(script, 0, sizeof *script);
    script->removal = CKR_DEVICE_REMOVED;
    script->stale = CKR_SESSION_HANDLE_INVALID;
    *line = 0;
    FILE *file = fopen(path, "re");
    if (!file) return errno == ENOENT;
    char *text = NULL;
    size_t room = 0;
    ssize_t length = 0;
    bool good = true;
    while (good && (length = getline(&text, &room, file)) >= 0) {
        ++*line;
        good = strlen(text) == (size_t)length && line_of(text, script);
    }
    if (text) explicit_bzero(text, room);
    free(text);
    fclose(file);
    return good;
}

const Rule *script_rule(const Script *script, Kind kind, int function, uint64_t number, uint64_t total) {
    for (size_t each = 0; each < script->rule_count; each++) {
        const Rule *rule = &script->rules[each];
        if (rule->kind != kind || (rule->function != function && rule->function != ANY)) continue;
        uint64_t at = rule->function == ANY ? total : number;
        if (rule->from <= at && at <= rule->to) return rule;
    }
    return NULL;
}

bool script_offers(const Script *script, CK_ULONG mechanism) {
    if (!script->chosen_count) return true;
    for (size_t each = 0; each < script->chosen_count; each++)
        if (script->chosen[each] == mechanism) return script->only;
    return !script->only;
}
