/* What all processes share: the folder with the script, the counters and the log of calls. */
#ifndef ESTATE_H
#define ESTATE_H

#include "script.h"

enum { MAX_TOKENS = 16 };

typedef struct {
    uint64_t known;
    CK_BYTE serial[16];
    uint64_t user_wrong, so_wrong, changed;
} Tries;

/* The file `counters`: native byte order, mapped by every process; the Python side reads it too. */
typedef struct {
    uint64_t calls[FUNCTION_COUNT];
    uint64_t any;
    uint64_t pad;        /* how often the pad asked */
    Tries tries[MAX_TOKENS];
} Counters;

extern Counters *counters;
extern Script script;

bool estate_open(void);                 /* at C_Initialize; false: said on standard error and in `complaint` */
bool estate_refresh(void);              /* before each call: reads the script again if it changed */
uint64_t count(uint64_t *counter);      /* adds one, returns it */
Tries *tries_of(const CK_BYTE serial[16]);
void estate_log(int function, uint64_t total, uint64_t number, const char *result, const char *detail);
void complain(const char *what, unsigned line);

#endif
