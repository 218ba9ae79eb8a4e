/* The script: what shall go wrong, and when. Grammar: README.md. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cryptoki.h"

enum { MAX_RULES = 256, MAX_TEXT = 64, MAX_CHOSEN = 64 };

typedef enum { REMOVE, LOGOUT, DELAY, HANG, ANSWER, CRASH, VALUE, PAD, HIDE, STRICT, LIE, MAKE } Kind;
typedef enum { BEFORE, DURING, AFTER } Moment;
typedef enum { SEGV, ABORT, EXIT } Death;
typedef enum { FLIP, SHORT, LONG, ZERO } Damage;
typedef enum { PAD_USER, PAD_SO, PAD_NEW } PadKind;
typedef enum { LABEL, MANUFACTURER, MODEL, SERIAL, STRINGS } String;

typedef struct {
    Kind kind;
    int function;
    uint64_t from, to;
    CK_ULONG number;      /* a return code, milliseconds, an attribute: as the kind has it */
    int how;              /* a Moment, Death, Damage or PadKind; 0 or 1 for a truth, -1 for "absent" */
    bool performed;
    CK_BYTE text[MAX_TEXT];
    size_t length;
} Rule;

typedef struct {
    Rule rules[MAX_RULES];
    size_t rule_count;
    uint64_t inserted;
    CK_ULONG removal, stale;
    CK_ULONG flags_set, flags_cleared;
    CK_ULONG user_tries, so_tries;
    bool pad, hide_empty, only;
    CK_ULONG chosen[MAX_CHOSEN];     /* mechanisms: the only ones, or those left out */
    size_t chosen_count;
    struct { CK_BYTE text[MAX_TEXT]; size_t length; bool given; } strings[STRINGS];
    struct { CK_VERSION value; bool given; } hardware, firmware;
} Script;

/* Read a script; false: *line is the first bad one (0: the file itself). A missing file is an empty script. */
bool script_read(const char *path, Script *script, unsigned *line);
/* The first rule of that kind for that call, or NULL. */
const Rule *script_rule(const Script *script, Kind kind, int function, uint64_t number, uint64_t total);
bool script_offers(const Script *script, CK_ULONG mechanism);

const char *function_name(int function);
const char *return_code_name(CK_RV value);

#endif
