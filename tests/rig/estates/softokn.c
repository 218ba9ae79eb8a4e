/* NSS's token as an ordinary PKCS#11 module. NSS wants its database named in C_Initialize's argument
   (pReserved); nobody but NSS's own programs gives one, so it is taken from NSS_PARAMETERS here.
   Everything else is NSS's. Interface: PKCS#11 v2.40, sections 3.7 and 5.4. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

typedef struct { unsigned char version[2]; void *calls[68]; } function_list;
enum { C_INITIALIZE = 0, CKR_OK = 0x0, CKR_GENERAL_ERROR = 0x5, CKF_OS_LOCKING_OK = 0x2 };

static function_list ours;
static unsigned long (*nss_initialize)(void *);

static unsigned long initialize(void *given)
{
    struct { void *mutexes[4]; unsigned long flags; char *reserved; } arguments =
        {{NULL}, CKF_OS_LOCKING_OK, getenv("NSS_PARAMETERS")};

    (void)given;
    return nss_initialize(&arguments);
}

__attribute__((visibility("default"))) unsigned long C_GetFunctionList(function_list **list)
{
    if (nss_initialize == NULL) {
        void *library = dlopen("libsoftokn3.so", RTLD_NOW | RTLD_LOCAL);
        unsigned long (*get)(function_list **) = NULL;
        function_list *theirs = NULL;

        if (library != NULL)
            *(void **)&get = dlsym(library, "C_GetFunctionList");
        if (get == NULL || get(&theirs) != CKR_OK)
            return CKR_GENERAL_ERROR;
        ours = *theirs;
        *(void **)&nss_initialize = ours.calls[C_INITIALIZE];
        *(void **)&ours.calls[C_INITIALIZE] = (void *)initialize;
    }
    *list = &ours;
    return CKR_OK;
}
