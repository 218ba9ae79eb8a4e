/* A PKCS#11 module that wraps another one and fails by script. See README.md. */
#define _GNU_SOURCE
#include "estate.h"
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
typedef CK_ULONG U;
typedef void *P;

static struct {
    CK_VERSION version;
#define AS_POINTER(name) CK_RV (*name)();
    FUNCTIONS(AS_POINTER)
} *real;

/* Sessions that we gave out. A lost one stays, so that it is refused after the device came back. */
enum { MAX_SESSIONS = 4096 };
typedef struct {
    U handle, slot;
    bool lost;
    bool strict, strict_inside, proven; /* the signature under way: needs its PIN; the wrapped module asks too; given */
    U emulated;                         /* a hashing mechanism that we make from the bare one */
} Session;
static Session sessions[MAX_SESSIONS];
static size_t session_count;
static uint64_t inserted;
/* What the last good login proved, while it lasts: a key that we call strict is not so for the wrapped module. */
static struct { U slot; CK_BYTE pin[256]; U length; bool known; } login;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

typedef enum { MODULE_CALL, SLOT_CALL, SESSION_CALL } Scope;

typedef struct {
    int function;
    uint64_t number, total;
    U handle;
    Scope scope;
    bool performed;
    char detail[64];
    CK_RV result;
} Call;

/* ---- presence ---- */

static Session *session_of(U handle) {
    for (size_t each = 0; each < session_count; each++)
        if (sessions[each].handle == handle) return &sessions[each];
    return NULL;
}

static void session_add(U handle, U slot) {
    Session *session = session_of(handle);
    if (!session) {
        if (session_count == MAX_SESSIONS) session_count = 0; /* a rig: old ones are forgotten */
        session = &sessions[session_count++];
    }
    *session = (Session){.handle = handle, .slot = slot};
}

static void forget_login(U slot) {
    if (login.known && login.slot == slot) explicit_bzero(&login, sizeof login);
}

static bool hidden(U slot) {
    CK_TOKEN_INFO info;
    bool asked = false;
    for (size_t each = 0; each < script.rule_count; each++) {
        const Rule *rule = &script.rules[each];
        if (rule->kind != HIDE) continue;
        if (!asked && real->C_GetTokenInfo(slot, &info)) return false;
        asked = true;
        size_t length = rule->length < 32 ? rule->length : 32;
        if (!memcmp(info.label, rule->text, length) && (length == 32 || info.label[length] == ' ')) return true;
    }
    return false;
}

/* `remove F N`: from that call on; a moment later than "before" spares the call itself its beginning. */
static bool removed(const Call *call) {
    for (size_t each = 0; each < script.rule_count; each++) {
        const Rule *rule = &script.rules[each];
        if (rule->kind != REMOVE) continue;
        bool its_own = rule->function == ANY || rule->function == call->function;
        uint64_t now = rule->function == ANY ? call->total
                       : its_own             ? call->number
                                             : __atomic_load_n(&counters->calls[rule->function], __ATOMIC_SEQ_CST);
        if (its_own && rule->how != BEFORE ? now > rule->from : now >= rule->from) return true;
    }
    return false;
}

static bool absent(const Call *call, U slot) { return removed(call) || hidden(slot); }

static void lose(U slot) {
    real->C_CloseAllSessions(slot);
    forget_login(slot);
    for (size_t each = 0; each < session_count; each++)
        if (sessions[each].slot == slot) sessions[each].lost = true;
}

/* Sessions of a device that is gone, or was gone meanwhile, are closed in the wrapped module: its login ends too. */
static void notice(const Call *call) {
    bool again = inserted != script.inserted;
    inserted = script.inserted;
    for (size_t each = 0; each < session_count; each++)
        if (!sessions[each].lost && (again || absent(call, sessions[each].slot))) lose(sessions[each].slot);
}

static CK_RV presence(const Call *call) {
    if (call->scope == MODULE_CALL) return CKR_OK;
    if (call->scope == SLOT_CALL)
        return call->function != F_C_GetSlotInfo && absent(call, call->handle) ? CKR_TOKEN_NOT_PRESENT : CKR_OK;
    const Session *session = session_of(call->handle);
    if (!session || !session->lost) return CKR_OK;
    return absent(call, session->slot) ? script.removal : script.stale;
}

/* ---- every call ---- */

static void sleep_ms(CK_ULONG ms) {
    struct timespec rest = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&rest, &rest)) {}
}

static void log_call(const Call *call, const char *result) {
    char text[128];
    snprintf(text, sizeof text, " %s%s", call->performed ? "performed" : "withheld", call->detail);
    estate_log(call->function, call->total, call->number, result, text);
}

static void die(const Call *call, int how) {
    log_call(call, how == SEGV ? "segv" : how == ABORT ? "abort" : "exit");
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (how == EXIT) _exit(3);
    int number = how == SEGV ? SIGSEGV : SIGABRT;
    signal(number, SIG_DFL);
    raise(number);
    _exit(3);
}

static const Rule *ruled(const Call *call, Kind kind) {
    return script_rule(&script, kind, call->function, call->number, call->total);
}

/* True: the wrapped module shall be called. Comes back with the lock held; `end` opens it. */
static bool begin(Call *call, int function, Scope scope, U handle) {
    pthread_mutex_lock(&lock);
    call->function = function, call->scope = scope, call->handle = handle;
    call->performed = false, call->result = CKR_GENERAL_ERROR;
    if (!counters || !real) return call->result = CKR_CRYPTOKI_NOT_INITIALIZED, false;
    /* A bad script stops everything but leaving, so that the wrapped module can be begun anew. */
    if (!estate_refresh()) return call->performed = function == F_C_Finalize;
    call->number = count(&counters->calls[function]);
    call->total = count(&counters->any);
    const Rule *rule = ruled(call, DELAY);
    CK_ULONG delay = rule ? rule->number : 0;
    bool hang = ruled(call, HANG) != NULL;
    if (hang) log_call(call, "hang");
    if (delay || hang) {
        pthread_mutex_unlock(&lock);
        if (delay) sleep_ms(delay);
        while (hang) pause();
        pthread_mutex_lock(&lock);
        if (!estate_refresh()) return false; /* put back or pulled out meanwhile */
    }
    notice(call);
    if ((rule = ruled(call, LOGOUT)) && scope == SESSION_CALL) {
        Session *session = session_of(handle);
        if (session) forget_login(session->slot);
        real->C_Logout(handle);
    }
    if ((rule = ruled(call, CRASH)) && !rule->performed) die(call, rule->how);
    if ((call->result = presence(call))) return false;
    if ((rule = ruled(call, ANSWER)) && !rule->performed) return call->result = rule->number, false;
    return call->performed = true;
}

static CK_RV end(Call *call) {
    if (!counters || !real || !call->total) return pthread_mutex_unlock(&lock), call->result;
    const Rule *rule;
    if (call->performed && (rule = ruled(call, CRASH)) && rule->performed) die(call, rule->how);
    if (call->performed && (rule = ruled(call, ANSWER)) && rule->performed) call->result = rule->number;
    for (size_t each = 0; each < script.rule_count; each++) {
        rule = &script.rules[each];
        if (rule->kind != REMOVE || (rule->function != call->function && rule->function != ANY)) continue;
        uint64_t at = rule->function == ANY ? call->total : call->number;
        if (call->performed && rule->how == DURING && at == rule->from) call->result = script.removal;
    }
    char unknown[24];
    const char *name = return_code_name(call->result);
    if (!name) snprintf(unknown, sizeof unknown, "0x%lx", call->result);
    log_call(call, name ? name : unknown);
    CK_RV result = call->result;
    pthread_mutex_unlock(&lock);
    return result;
}

#define FORWARD(name, scope, handle, parameters, ...)          \
    EXPORT CK_RV name parameters {                             \
        Call call = {0};                                       \
        if (begin(&call, F_##name, scope, handle)) call.result = real->name(__VA_ARGS__); \
        return end(&call);                                     \
    }
#define S1(name) FORWARD(name, SESSION_CALL, a, (U a), a)
#define S2(name, B) FORWARD(name, SESSION_CALL, a, (U a, B b), a, b)
#define S3(name, B, C) FORWARD(name, SESSION_CALL, a, (U a, B b, C c), a, b, c)
#define S4(name, B, C, D) FORWARD(name, SESSION_CALL, a, (U a, B b, C c, D d), a, b, c, d)
#define S5(name, B, C, D, E) FORWARD(name, SESSION_CALL, a, (U a, B b, C c, D d, E e), a, b, c, d, e)
#define S6(name, B, C, D, E, F) FORWARD(name, SESSION_CALL, a, (U a, B b, C c, D d, E e, F f), a, b, c, d, e, f)
#define S8(name, B, C, D, E, F, G, H) \
    FORWARD(name, SESSION_CALL, a, (U a, B b, C c, D d, E e, F f, G g, H h), a, b, c, d, e, f, g, h)

FORWARD(C_GetInfo, MODULE_CALL, 0, (P a), a)
FORWARD(C_WaitForSlotEvent, MODULE_CALL, 0, (U a, P b, P c), a, b, c)
S2(C_GetSessionInfo, P)
S3(C_GetOperationState, P, P)
S5(C_SetOperationState, P, U, U, U)
S4(C_CreateObject, P, U, P)
S5(C_CopyObject, U, P, U, P)
S2(C_DestroyObject, U)
S3(C_GetObjectSize, U, P)
S4(C_SetAttributeValue, U, P, U)
S3(C_FindObjectsInit, P, U)
S4(C_FindObjects, P, U, P)
S1(C_FindObjectsFinal)
S3(C_EncryptInit, P, U)
S5(C_Encrypt, P, U, P, P)
S5(C_EncryptUpdate, P, U, P, P)
S3(C_EncryptFinal, P, P)
S3(C_DecryptInit, P, U)
S5(C_Decrypt, P, U, P, P)
S5(C_DecryptUpdate, P, U, P, P)
S3(C_DecryptFinal, P, P)
S2(C_DigestInit, P)
S5(C_Digest, P, U, P, P)
S3(C_DigestUpdate, P, U)
S2(C_DigestKey, U)
S3(C_DigestFinal, P, P)
S3(C_SignRecoverInit, P, U)
S5(C_SignRecover, P, U, P, P)
S3(C_VerifyInit, P, U)
S5(C_Verify, P, U, P, U)
S3(C_VerifyUpdate, P, U)
S3(C_VerifyFinal, P, U)
S3(C_VerifyRecoverInit, P, U)
S5(C_VerifyRecover, P, U, P, P)
S5(C_DigestEncryptUpdate, P, U, P, P)
S5(C_DecryptDigestUpdate, P, U, P, P)
S5(C_SignEncryptUpdate, P, U, P, P)
S5(C_DecryptVerifyUpdate, P, U, P, P)
S5(C_GenerateKey, P, P, U, P)
S6(C_WrapKey, P, U, U, P, P)
S8(C_UnwrapKey, P, U, P, U, P, U, P)
S6(C_DeriveKey, P, U, P, U, P)
S3(C_SeedRandom, P, U)
S3(C_GenerateRandom, P, U)
S1(C_GetFunctionStatus)
S1(C_CancelFunction)

/* ---- the module, its slots and tokens ---- */

static bool load(void) {
    if (real) return true;
    const char *given = getenv("FAULTY_MODULE");
    void *library = dlopen(given && *given ? given : "/usr/lib/softhsm/libsofthsm2.so",
                           RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    CK_RV (*list)(void *) = library ? (CK_RV(*)(void *))dlsym(library, "C_GetFunctionList") : NULL;
    if (list && !list(&real) && real) return true;
    return complain("the wrapped module cannot be loaded: see FAULTY_MODULE", 0), false;
}

EXPORT CK_RV C_Initialize(P arguments) {
    pthread_mutex_lock(&lock);
    bool ready = estate_open() && load();
    session_count = 0;
    inserted = script.inserted;
    pthread_mutex_unlock(&lock);
    if (!ready) return CKR_GENERAL_ERROR;
    Call call = {0};
    if (begin(&call, F_C_Initialize, MODULE_CALL, 0)) call.result = real->C_Initialize(arguments);
    return end(&call);
}

EXPORT CK_RV C_Finalize(P reserved) {
    Call call = {0};
    if (begin(&call, F_C_Finalize, MODULE_CALL, 0)) {
        call.result = real->C_Finalize(reserved);
        session_count = 0;
        explicit_bzero(&login, sizeof login);
    }
    return end(&call);
}

static bool shown(const Call *call, U slot, bool present) {
    CK_TOKEN_INFO info;
    if (script.hide_empty && (real->C_GetTokenInfo(slot, &info) || !(info.flags & CKF_TOKEN_INITIALIZED))) return false;
    return !present || !absent(call, slot);
}

/* The two-call convention for lists of numbers: `all` may be longer than what is shown. */
static CK_RV hand_over(const U *found, U count, U *list, U *room) {
    U had = *room;
    *room = count;
    if (list && had < count) return CKR_BUFFER_TOO_SMALL;
    if (list) memcpy(list, found, count * sizeof *found);
    return CKR_OK;
}

EXPORT CK_RV C_GetSlotList(CK_BBOOL present, U *list, U *room) {
    Call call = {0};
    if (begin(&call, F_C_GetSlotList, MODULE_CALL, 0)) {
        U all[256], count = 256, kept = 0;
        /* SoftHSM makes its list of slots anew when asked for the length alone. */
        if (!list) real->C_GetSlotList(present, NULL, &(U){0});
        call.result = real->C_GetSlotList(present, all, &count);
        for (U each = 0; !call.result && each < count; each++)
            if (shown(&call, all[each], present)) all[kept++] = all[each];
        if (!call.result) call.result = hand_over(all, kept, list, room);
    }
    return end(&call);
}

EXPORT CK_RV C_GetSlotInfo(U slot, CK_SLOT_INFO *info) {
    Call call = {0};
    if (begin(&call, F_C_GetSlotInfo, SLOT_CALL, slot)) {
        call.result = real->C_GetSlotInfo(slot, info);
        if (!call.result && absent(&call, slot)) info->flags &= ~CKF_TOKEN_PRESENT;
    }
    return end(&call);
}

static CK_ULONG counted_flags(CK_ULONG flags, uint64_t wrong, CK_ULONG tries, CK_ULONG low, CK_ULONG final,
                              CK_ULONG locked) {
    if (!tries) return flags;
    flags &= ~(low | final | locked);
    if (wrong >= tries) return flags | locked;
    return flags | (wrong ? low : 0) | (wrong + 1 == tries ? final : 0);
}

static void tell(CK_TOKEN_INFO *info) {
    Tries *tries = tries_of(info->serial);
    struct { CK_BYTE *field; size_t room; } fields[STRINGS] = {
        [LABEL] = {info->label, 32}, [MANUFACTURER] = {info->manufacturer, 32},
        [MODEL] = {info->model, 16}, [SERIAL] = {info->serial, 16}};
    info->flags = counted_flags(info->flags, tries->user_wrong, script.user_tries, CKF_USER_PIN_COUNT_LOW,
                                CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED);
    info->flags = counted_flags(info->flags, tries->so_wrong, script.so_tries, CKF_SO_PIN_COUNT_LOW,
                                CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED);
    info->flags = (info->flags | script.flags_set) & ~script.flags_cleared;
    if (tries->changed) info->flags &= ~CKF_USER_PIN_TO_BE_CHANGED;
    if (script.pad) info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    for (int each = 0; each < STRINGS; each++) {
        if (!script.strings[each].given) continue;
        size_t length = script.strings[each].length;
        memset(fields[each].field, ' ', fields[each].room);
        memcpy(fields[each].field, script.strings[each].text, length < fields[each].room ? length : fields[each].room);
    }
    if (script.hardware.given) info->hardware = script.hardware.value;
    if (script.firmware.given) info->firmware = script.firmware.value;
}

EXPORT CK_RV C_GetTokenInfo(U slot, CK_TOKEN_INFO *info) {
    Call call = {0};
    if (begin(&call, F_C_GetTokenInfo, SLOT_CALL, slot)) {
        call.result = real->C_GetTokenInfo(slot, info);
        if (!call.result) tell(info);
    }
    return end(&call);
}

/* Hashing ECDSA, which SoftHSM lacks, is made of the bare one when a script offers it by name. */
static U bare(U mechanism) {
    bool made = mechanism >= CKM_ECDSA_SHA256 && mechanism <= CKM_ECDSA_SHA512 && script.only;
    return made && script_offers(&script, mechanism) ? CKM_ECDSA : mechanism;
}

EXPORT CK_RV C_GetMechanismList(U slot, U *list, U *room) {
    Call call = {0};
    if (begin(&call, F_C_GetMechanismList, SLOT_CALL, slot)) {
        U all[512 + MAX_CHOSEN], count = 512, kept = 0;
        call.result = real->C_GetMechanismList(slot, all, &count);
        for (U each = 0; !call.result && each < count; each++)
            if (script_offers(&script, all[each])) all[kept++] = all[each];
        for (size_t each = 0; script.only && each < script.chosen_count; each++)
            if (bare(script.chosen[each]) != script.chosen[each]) all[kept++] = script.chosen[each];
        if (!call.result) call.result = hand_over(all, kept, list, room);
    }
    return end(&call);
}

EXPORT CK_RV C_GetMechanismInfo(U slot, U mechanism, P info) {
    Call call = {0};
    if (begin(&call, F_C_GetMechanismInfo, SLOT_CALL, slot))
        call.result = script_offers(&script, mechanism) ? real->C_GetMechanismInfo(slot, bare(mechanism), info)
                                                        : CKR_MECHANISM_INVALID;
    return end(&call);
}

EXPORT CK_RV C_OpenSession(U slot, U flags, P application, P notify, U *handle) {
    Call call = {0};
    if (begin(&call, F_C_OpenSession, SLOT_CALL, slot)) {
        call.result = real->C_OpenSession(slot, flags, application, notify, handle);
        if (!call.result) session_add(*handle, slot);
    }
    return end(&call);
}

static void session_closed(Session *session) {
    U slot = session->slot;
    *session = sessions[--session_count];
    for (size_t each = 0; each < session_count; each++)
        if (sessions[each].slot == slot && !sessions[each].lost) return;
    forget_login(slot);
}

EXPORT CK_RV C_CloseSession(U handle) {
    Call call = {0};
    if (begin(&call, F_C_CloseSession, SESSION_CALL, handle)) {
        call.result = real->C_CloseSession(handle);
        Session *session = session_of(handle);
        if (!call.result && session) session_closed(session);
    }
    return end(&call);
}

EXPORT CK_RV C_CloseAllSessions(U slot) {
    Call call = {0};
    if (begin(&call, F_C_CloseAllSessions, SLOT_CALL, slot)) {
        call.result = real->C_CloseAllSessions(slot);
        for (size_t each = session_count; each-- > 0;)
            if (sessions[each].slot == slot) sessions[each] = sessions[--session_count];
        forget_login(slot);
    }
    return end(&call);
}

/* ---- PINs ---- */

static Tries *tries_at(U slot) {
    CK_TOKEN_INFO info;
    return real->C_GetTokenInfo(slot, &info) ? NULL : tries_of(info.serial);
}

static bool locked(U slot, bool so) {
    Tries *tries = tries_at(slot);
    CK_ULONG allowed = so ? script.so_tries : script.user_tries;
    if (script.flags_set & (so ? CKF_SO_PIN_LOCKED : CKF_USER_PIN_LOCKED)) return true;
    return tries && allowed && (so ? tries->so_wrong : tries->user_wrong) >= allowed;
}

static void tried(U slot, bool so, CK_RV result) {
    Tries *tries = tries_at(slot);
    if (!tries) return;
    uint64_t *wrong = so ? &tries->so_wrong : &tries->user_wrong;
    if (result == CKR_PIN_INCORRECT) count(wrong);
    if (result == CKR_OK) __atomic_store_n(wrong, 0, __ATOMIC_SEQ_CST);
}

/* What is typed on the pad: the first line for this question. NULL: cancelled. */
static const Rule *pad_types(PadKind kind) {
    uint64_t question = count(&counters->pad);
    for (size_t each = 0; each < script.rule_count; each++) {
        const Rule *rule = &script.rules[each];
        if (rule->kind == PAD && rule->how == (int)kind && rule->from <= question && question <= rule->to) return rule;
    }
    return NULL;
}

/* With a pad a PIN given by the program is refused and the pad's is taken in its place. */
static CK_RV pin_path(Call *call, PadKind kind, P *pin, U *length) {
    size_t used = strlen(call->detail);
    snprintf(call->detail + used, sizeof call->detail - used, " pin=%s", *pin ? "given" : script.pad ? "pad" : "none");
    if (!script.pad) return CKR_OK;
    if (*pin) return CKR_ARGUMENTS_BAD;
    const Rule *typed = pad_types(kind);
    if (!typed) return CKR_FUNCTION_CANCELED;
    *pin = (P)typed->text, *length = typed->length;
    return CKR_OK;
}

static CK_RV context_login(Session *session, P pin, U length) {
    if (session->strict_inside) {
        CK_RV result = real->C_Login(session->handle, CKU_CONTEXT_SPECIFIC, pin, length);
        return session->proven = !result, result;
    }
    if (!login.known || login.slot != session->slot) return CKR_USER_NOT_LOGGED_IN;
    session->proven = length == login.length && !memcmp(pin, login.pin, length);
    return session->proven ? CKR_OK : CKR_PIN_INCORRECT;
}

static CK_RV log_in(Session *session, U user, P pin, U length) {
    if (!pin) return real->C_Login(session->handle, user, pin, length);
    if (locked(session->slot, user == CKU_SO)) return CKR_PIN_LOCKED;
    bool context = user == CKU_CONTEXT_SPECIFIC;
    if (context && !session->strict) return CKR_OPERATION_NOT_INITIALIZED;
    CK_RV result = context ? context_login(session, pin, length)
                           : real->C_Login(session->handle, user, pin, length);
    if (user == CKU_USER && !result && length <= sizeof login.pin) {
        memcpy(login.pin, pin, length);
        login.slot = session->slot, login.length = length, login.known = true;
    }
    tried(session->slot, user == CKU_SO, result);
    return result;
}

EXPORT CK_RV C_Login(U handle, U user, P pin, U length) {
    Call call = {0};
    snprintf(call.detail, sizeof call.detail, " user=%lu", user);
    if (begin(&call, F_C_Login, SESSION_CALL, handle)) {
        Session *session = session_of(handle);
        call.result = session ? pin_path(&call, user == CKU_SO ? PAD_SO : PAD_USER, &pin, &length)
                              : CKR_SESSION_HANDLE_INVALID;
        if (!call.result) call.result = log_in(session, user, pin, length);
    } else if (counters) {
        snprintf(call.detail, sizeof call.detail, " user=%lu pin=%s", user, pin ? "given" : "none");
    }
    return end(&call);
}

EXPORT CK_RV C_Logout(U handle) {
    Call call = {0};
    if (begin(&call, F_C_Logout, SESSION_CALL, handle)) {
        call.result = real->C_Logout(handle);
        Session *session = session_of(handle);
        if (session) forget_login(session->slot);
    }
    return end(&call);
}

EXPORT CK_RV C_InitToken(U slot, P pin, U length, P label) {
    Call call = {0};
    if (begin(&call, F_C_InitToken, SLOT_CALL, slot) && !(call.result = pin_path(&call, PAD_SO, &pin, &length))) {
        CK_TOKEN_INFO before;
        bool used = !real->C_GetTokenInfo(slot, &before) && before.flags & CKF_TOKEN_INITIALIZED;
        call.result = used && locked(slot, true) ? CKR_PIN_LOCKED : real->C_InitToken(slot, pin, length, label);
        if (used) tried(slot, true, call.result);
        if (!call.result) tried(slot, false, CKR_OK);
    }
    return end(&call);
}

EXPORT CK_RV C_InitPIN(U handle, P pin, U length) {
    Call call = {0};
    if (begin(&call, F_C_InitPIN, SESSION_CALL, handle) && !(call.result = pin_path(&call, PAD_NEW, &pin, &length))) {
        Session *session = session_of(handle);
        call.result = real->C_InitPIN(handle, pin, length);
        if (!call.result && session) tried(session->slot, false, CKR_OK);
    }
    return end(&call);
}

/* Changes the PIN of whoever is logged in; of the user if nobody is (11.6). */
EXPORT CK_RV C_SetPIN(U handle, P old, U old_length, P new, U new_length) {
    Call call = {0};
    if (begin(&call, F_C_SetPIN, SESSION_CALL, handle)) {
        Session *session = session_of(handle);
        struct { U slot, state, flags, error; } info = {0};
        bool so = !real->C_GetSessionInfo(handle, &info) && info.state == 4;
        call.result = pin_path(&call, so ? PAD_SO : PAD_USER, &old, &old_length);
        if (!call.result) call.result = pin_path(&call, PAD_NEW, &new, &new_length);
        if (!call.result && session && locked(session->slot, so)) call.result = CKR_PIN_LOCKED;
        else if (!call.result) {
            call.result = real->C_SetPIN(handle, old, old_length, new, new_length);
            if (session) tried(session->slot, so, call.result);
            Tries *tries = session && !so && !call.result ? tries_at(session->slot) : NULL;
            if (tries) tries->changed = 1, forget_login(session->slot);
        }
    }
    return end(&call);
}

/* ---- keys and signatures ---- */

static bool is_private(U session, U object) {
    U class = 0;
    CK_ATTRIBUTE wanted = {CKA_CLASS, &class, sizeof class};
    return !real->C_GetAttributeValue(session, object, &wanted, 1UL) && class == CKO_PRIVATE_KEY;
}

static bool called_strict(U session, U object) {
    CK_BYTE id[256];
    for (size_t each = 0; each < script.rule_count; each++) {
        const Rule *rule = &script.rules[each];
        if (rule->kind != STRICT) continue;
        CK_ATTRIBUTE wanted = {CKA_ID, id, sizeof id};
        if (!rule->length) return true;
        if (!real->C_GetAttributeValue(session, object, &wanted, 1UL) && wanted.length == rule->length &&
            !memcmp(id, rule->text, rule->length))
            return true;
    }
    return false;
}

static CK_RV lie(CK_ATTRIBUTE *wanted, int truth) {
    if (truth < 0) return wanted->length = UNAVAILABLE, CKR_ATTRIBUTE_TYPE_INVALID;
    if (wanted->value && wanted->length < 1) return wanted->length = UNAVAILABLE, CKR_BUFFER_TOO_SMALL;
    if (wanted->value) *(CK_BBOOL *)wanted->value = (CK_BBOOL)truth;
    wanted->length = 1;
    return CKR_OK;
}

EXPORT CK_RV C_GetAttributeValue(U handle, U object, CK_ATTRIBUTE *wanted, U count) {
    Call call = {0};
    if (begin(&call, F_C_GetAttributeValue, SESSION_CALL, handle)) {
        bool private = is_private(handle, object);
        bool strict = private && called_strict(handle, object);
        call.result = CKR_OK;
        for (U each = 0; each < count; each++) {
            int told = strict && wanted[each].type == CKA_ALWAYS_AUTHENTICATE ? 1 : -2;
            for (size_t rule = 0; private && rule < script.rule_count; rule++)
                if (script.rules[rule].kind == LIE && script.rules[rule].number == wanted[each].type)
                    told = script.rules[rule].how;
            CK_RV result = told == -2 ? real->C_GetAttributeValue(handle, object, &wanted[each], 1UL)
                                      : lie(&wanted[each], told);
            if (result) call.result = result;
        }
    }
    return end(&call);
}

/* `make CKA_X true`: the key is really made so, whatever was asked. */
EXPORT CK_RV C_GenerateKeyPair(U handle, P mechanism, P public, U public_count, CK_ATTRIBUTE *private, U count, P made,
                               P made_private) {
    Call call = {0};
    if (begin(&call, F_C_GenerateKeyPair, SESSION_CALL, handle)) {
        static CK_BBOOL truths[] = {0, 1};
        CK_ATTRIBUTE *changed = calloc(count + script.rule_count, sizeof *changed);
        U length = count;
        memcpy(changed, private, count * sizeof *changed);
        for (size_t each = 0; each < script.rule_count; each++) {
            if (script.rules[each].kind != MAKE) continue;
            U at = 0;
            while (at < length && changed[at].type != script.rules[each].number) at++;
            length += at == length;
            changed[at] = (CK_ATTRIBUTE){script.rules[each].number, &truths[script.rules[each].how], 1};
        }
        call.result = real->C_GenerateKeyPair(handle, mechanism, public, public_count, changed, length, made,
                                              made_private);
        free(changed);
    }
    return end(&call);
}

EXPORT CK_RV C_SignInit(U handle, CK_MECHANISM *mechanism, U key) {
    Call call = {0};
    if (mechanism) snprintf(call.detail, sizeof call.detail, " mechanism=0x%lx", mechanism->mechanism);
    if (begin(&call, F_C_SignInit, SESSION_CALL, handle)) {
        Session *session = session_of(handle);
        CK_MECHANISM asked = *mechanism;
        asked.mechanism = bare(mechanism->mechanism);
        call.result = script_offers(&script, mechanism->mechanism) ? real->C_SignInit(handle, &asked, key)
                                                                   : CKR_MECHANISM_INVALID;
        if (!call.result && session) {
            CK_BBOOL always = 0;
            CK_ATTRIBUTE wanted = {CKA_ALWAYS_AUTHENTICATE, &always, 1};
            real->C_GetAttributeValue(handle, key, &wanted, 1UL);
            session->strict_inside = always;
            session->strict = always || called_strict(handle, key);
            session->proven = false;
            session->emulated = asked.mechanism == mechanism->mechanism ? 0 : mechanism->mechanism;
        }
    }
    return end(&call);
}

/* The digest of an emulated mechanism, taken by the wrapped module in a session beside. */
static CK_RV digest_of(const Session *session, P data, U length, CK_BYTE digest[64], U *digest_length) {
    CK_MECHANISM hash = {session->emulated == CKM_ECDSA_SHA256   ? CKM_SHA256
                         : session->emulated == CKM_ECDSA_SHA384 ? CKM_SHA384
                                                                 : CKM_SHA512,
                         NULL, 0};
    U beside;
    CK_RV result = real->C_OpenSession(session->slot, CKF_SERIAL_SESSION, NULL, NULL, &beside);
    if (result) return result;
    if (!(result = real->C_DigestInit(beside, &hash)))
        result = real->C_Digest(beside, data, length, digest, digest_length);
    real->C_CloseSession(beside);
    return result;
}

static void spoil(CK_BYTE *value, U *length, int damage) {
    if (damage == FLIP) value[*length / 2] ^= 1;
    if (damage == SHORT) --*length;
    if (damage == LONG) value[(*length)++] = 0;
    if (damage == ZERO) memset(value, 0, *length);
}

static CK_RV sign(const Call *call, Session *session, P data, U length, CK_BYTE *value, U *value_length) {
    CK_BYTE digest[64], made[1024];
    U digest_length = sizeof digest, made_length = sizeof made;
    if (session->emulated) {
        CK_RV result = digest_of(session, data, length, digest, &digest_length);
        if (result) return result;
        data = digest, length = digest_length;
    }
    CK_RV result = real->C_Sign(session->handle, data, length, made, &made_length);
    const Rule *rule = ruled(call, VALUE);
    if (!result && rule) spoil(made, &made_length, rule->how);
    if (!result && *value_length < made_length) result = CKR_BUFFER_TOO_SMALL;
    if (!result) memcpy(value, made, made_length), *value_length = made_length;
    return result;
}

static void give_up(U handle) { /* an error ends the signature under way, except a buffer too small (11.11) */
    CK_BYTE nothing[1024];
    U length = sizeof nothing;
    real->C_Sign(handle, nothing, 1UL, nothing, &length);
}

EXPORT CK_RV C_Sign(U handle, P data, U length, CK_BYTE *value, U *value_length) {
    if (!value && real) return real->C_Sign(handle, data, length, NULL, value_length); /* asks how long: not a call */
    Call call = {0};
    bool go = begin(&call, F_C_Sign, SESSION_CALL, handle);
    Session *session = real ? session_of(handle) : NULL;
    if (go && session && session->strict && !session->proven)
        call.performed = go = false, call.result = CKR_USER_NOT_LOGGED_IN;
    if (go) call.result = session ? sign(&call, session, data, length, value, value_length)
                                  : real->C_Sign(handle, data, length, value, value_length);
    else if (session && !session->lost) give_up(handle);
    if (session) session->strict = session->proven = false, session->emulated = 0;
    return end(&call);
}

EXPORT CK_RV C_SignUpdate(U handle, P data, U length) {
    Call call = {0};
    if (begin(&call, F_C_SignUpdate, SESSION_CALL, handle)) {
        const Session *session = session_of(handle);
        bool refused = session && session->strict && !session->proven;
        call.result = refused ? CKR_USER_NOT_LOGGED_IN : real->C_SignUpdate(handle, data, length);
    }
    return end(&call);
}

EXPORT CK_RV C_SignFinal(U handle, P value, U *length) {
    Call call = {0};
    if (begin(&call, F_C_SignFinal, SESSION_CALL, handle)) {
        Session *session = session_of(handle);
        bool refused = session && session->strict && !session->proven;
        if (refused) give_up(handle);
        call.result = refused ? CKR_USER_NOT_LOGGED_IN : real->C_SignFinal(handle, value, length);
        if (session) session->strict = false;
    }
    return end(&call);
}

/* ---- the list of functions ---- */

EXPORT CK_RV C_GetFunctionList(const void **list);
static const struct {
    CK_VERSION version;
#define AS_VOID(name) CK_RV (*name)();
    FUNCTIONS(AS_VOID)
} ours = {
    {2, 40},
#define AS_OURS(name) (CK_RV(*)())name,
    FUNCTIONS(AS_OURS)
};

EXPORT CK_RV C_GetFunctionList(const void **list) {
    if (!list) return CKR_ARGUMENTS_BAD;
    *list = &ours;
    return CKR_OK;
}
