/* What of PKCS#11 v2.40 this module needs, written down from the standard (OASIS, April 2015).
   Every argument but one (C_GetSlotList's CK_BBOOL) is an unsigned long or a pointer. */
#ifndef CRYPTOKI_H
#define CRYPTOKI_H

typedef unsigned char CK_BYTE, CK_BBOOL;
typedef unsigned long CK_ULONG, CK_RV;

typedef struct { CK_BYTE major, minor; } CK_VERSION;

typedef struct {
    CK_BYTE label[32], manufacturer[32], model[16], serial[16];
    CK_ULONG flags, counts[10];
    CK_VERSION hardware, firmware;
    CK_BYTE utc_time[16];
} CK_TOKEN_INFO;

typedef struct {
    CK_BYTE description[64], manufacturer[32];
    CK_ULONG flags;
    CK_VERSION hardware, firmware;
} CK_SLOT_INFO;

typedef struct { CK_ULONG type; void *value; CK_ULONG length; } CK_ATTRIBUTE;
typedef struct { CK_ULONG mechanism; void *parameter; CK_ULONG length; } CK_MECHANISM;

#define UNAVAILABLE ((CK_ULONG)-1)

#define CKF_TOKEN_PRESENT 0x1UL
#define CKF_TOKEN_INITIALIZED 0x400UL
#define CKF_PROTECTED_AUTHENTICATION_PATH 0x100UL
#define CKF_USER_PIN_INITIALIZED 0x8UL
#define CKF_USER_PIN_COUNT_LOW 0x10000UL
#define CKF_USER_PIN_FINAL_TRY 0x20000UL
#define CKF_USER_PIN_LOCKED 0x40000UL
#define CKF_USER_PIN_TO_BE_CHANGED 0x80000UL
#define CKF_SO_PIN_COUNT_LOW 0x100000UL
#define CKF_SO_PIN_FINAL_TRY 0x200000UL
#define CKF_SO_PIN_LOCKED 0x400000UL
#define CKF_SO_PIN_TO_BE_CHANGED 0x800000UL
#define CKF_SERIAL_SESSION 0x4UL

#define CKU_SO 0UL
#define CKU_USER 1UL
#define CKU_CONTEXT_SPECIFIC 2UL
#define CKO_PRIVATE_KEY 3UL

/* name, value: return codes that a script may name. */
#define RETURN_CODES(X) \
    X(CKR_OK, 0x0) X(CKR_CANCEL, 0x1) X(CKR_HOST_MEMORY, 0x2) X(CKR_SLOT_ID_INVALID, 0x3) X(CKR_GENERAL_ERROR, 0x5) \
    X(CKR_FUNCTION_FAILED, 0x6) X(CKR_ARGUMENTS_BAD, 0x7) X(CKR_NO_EVENT, 0x8) X(CKR_CANT_LOCK, 0xA) \
    X(CKR_ATTRIBUTE_READ_ONLY, 0x10) X(CKR_ATTRIBUTE_SENSITIVE, 0x11) X(CKR_ATTRIBUTE_TYPE_INVALID, 0x12) \
    X(CKR_ATTRIBUTE_VALUE_INVALID, 0x13) X(CKR_DATA_INVALID, 0x20) X(CKR_DATA_LEN_RANGE, 0x21) \
    X(CKR_DEVICE_ERROR, 0x30) X(CKR_DEVICE_MEMORY, 0x31) X(CKR_DEVICE_REMOVED, 0x32) X(CKR_FUNCTION_CANCELED, 0x50) \
    X(CKR_FUNCTION_NOT_SUPPORTED, 0x54) X(CKR_KEY_HANDLE_INVALID, 0x60) X(CKR_KEY_SIZE_RANGE, 0x62) \
    X(CKR_KEY_TYPE_INCONSISTENT, 0x63) X(CKR_KEY_FUNCTION_NOT_PERMITTED, 0x68) X(CKR_MECHANISM_INVALID, 0x70) \
    X(CKR_MECHANISM_PARAM_INVALID, 0x71) X(CKR_OBJECT_HANDLE_INVALID, 0x82) X(CKR_OPERATION_ACTIVE, 0x90) \
    X(CKR_OPERATION_NOT_INITIALIZED, 0x91) X(CKR_PIN_INCORRECT, 0xA0) X(CKR_PIN_INVALID, 0xA1) \
    X(CKR_PIN_LEN_RANGE, 0xA2) X(CKR_PIN_EXPIRED, 0xA3) X(CKR_PIN_LOCKED, 0xA4) X(CKR_SESSION_CLOSED, 0xB0) \
    X(CKR_SESSION_COUNT, 0xB1) X(CKR_SESSION_HANDLE_INVALID, 0xB3) X(CKR_SESSION_READ_ONLY, 0xB5) \
    X(CKR_SESSION_EXISTS, 0xB6) X(CKR_SIGNATURE_INVALID, 0xC0) X(CKR_SIGNATURE_LEN_RANGE, 0xC1) \
    X(CKR_TEMPLATE_INCOMPLETE, 0xD0) X(CKR_TEMPLATE_INCONSISTENT, 0xD1) X(CKR_TOKEN_NOT_PRESENT, 0xE0) \
    X(CKR_TOKEN_NOT_RECOGNIZED, 0xE1) X(CKR_TOKEN_WRITE_PROTECTED, 0xE2) X(CKR_USER_ALREADY_LOGGED_IN, 0x100) \
    X(CKR_USER_NOT_LOGGED_IN, 0x101) X(CKR_USER_PIN_NOT_INITIALIZED, 0x102) X(CKR_USER_TYPE_INVALID, 0x103) \
    X(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, 0x104) X(CKR_RANDOM_NO_RNG, 0x121) X(CKR_DOMAIN_PARAMS_INVALID, 0x130) \
    X(CKR_BUFFER_TOO_SMALL, 0x150) X(CKR_INFORMATION_SENSITIVE, 0x170) X(CKR_CRYPTOKI_NOT_INITIALIZED, 0x190) \
    X(CKR_CRYPTOKI_ALREADY_INITIALIZED, 0x191) X(CKR_MUTEX_BAD, 0x1A0) X(CKR_FUNCTION_REJECTED, 0x200) \
    X(CKR_VENDOR_DEFINED, 0x80000000)

/* Mechanisms and attributes that a script may name; any other is given as a number. */
#define MECHANISMS(X) \
    X(CKM_RSA_PKCS_KEY_PAIR_GEN, 0x0) X(CKM_RSA_PKCS, 0x1) X(CKM_RSA_X_509, 0x3) X(CKM_SHA1_RSA_PKCS, 0x6) \
    X(CKM_RSA_PKCS_OAEP, 0x9) X(CKM_RSA_PKCS_PSS, 0xD) X(CKM_SHA256_RSA_PKCS, 0x40) X(CKM_SHA384_RSA_PKCS, 0x41) \
    X(CKM_SHA512_RSA_PKCS, 0x42) X(CKM_SHA256_RSA_PKCS_PSS, 0x43) X(CKM_SHA384_RSA_PKCS_PSS, 0x44) \
    X(CKM_SHA512_RSA_PKCS_PSS, 0x45) X(CKM_SHA256, 0x250) X(CKM_SHA384, 0x260) X(CKM_SHA512, 0x270) \
    X(CKM_EC_KEY_PAIR_GEN, 0x1040) X(CKM_ECDSA, 0x1041) X(CKM_ECDSA_SHA256, 0x1044) X(CKM_ECDSA_SHA384, 0x1045) \
    X(CKM_ECDSA_SHA512, 0x1046)

#define ATTRIBUTES(X) \
    X(CKA_CLASS, 0x0) X(CKA_TOKEN, 0x1) X(CKA_PRIVATE, 0x2) X(CKA_ID, 0x102) X(CKA_SENSITIVE, 0x103) \
    X(CKA_DECRYPT, 0x105) X(CKA_SIGN, 0x108) X(CKA_EXTRACTABLE, 0x162) X(CKA_LOCAL, 0x163) \
    X(CKA_NEVER_EXTRACTABLE, 0x164) X(CKA_ALWAYS_SENSITIVE, 0x165) X(CKA_MODIFIABLE, 0x170) \
    X(CKA_ALWAYS_AUTHENTICATE, 0x202)

#define AS_ENUM(name, value) name = value,
enum { MECHANISMS(AS_ENUM) };
enum { ATTRIBUTES(AS_ENUM) };
enum { RETURN_CODES(AS_ENUM) };

/* The 68 functions, in the order of CK_FUNCTION_LIST (2.40, section 4.9). */
#define FUNCTIONS(X) \
    X(C_Initialize) X(C_Finalize) X(C_GetInfo) X(C_GetFunctionList) X(C_GetSlotList) X(C_GetSlotInfo) \
    X(C_GetTokenInfo) X(C_GetMechanismList) X(C_GetMechanismInfo) X(C_InitToken) X(C_InitPIN) X(C_SetPIN) \
    X(C_OpenSession) X(C_CloseSession) X(C_CloseAllSessions) X(C_GetSessionInfo) X(C_GetOperationState) \
    X(C_SetOperationState) X(C_Login) X(C_Logout) X(C_CreateObject) X(C_CopyObject) X(C_DestroyObject) \
    X(C_GetObjectSize) X(C_GetAttributeValue) X(C_SetAttributeValue) X(C_FindObjectsInit) X(C_FindObjects) \
    X(C_FindObjectsFinal) X(C_EncryptInit) X(C_Encrypt) X(C_EncryptUpdate) X(C_EncryptFinal) X(C_DecryptInit) \
    X(C_Decrypt) X(C_DecryptUpdate) X(C_DecryptFinal) X(C_DigestInit) X(C_Digest) X(C_DigestUpdate) X(C_DigestKey) \
    X(C_DigestFinal) X(C_SignInit) X(C_Sign) X(C_SignUpdate) X(C_SignFinal) X(C_SignRecoverInit) X(C_SignRecover) \
    X(C_VerifyInit) X(C_Verify) X(C_VerifyUpdate) X(C_VerifyFinal) X(C_VerifyRecoverInit) X(C_VerifyRecover) \
    X(C_DigestEncryptUpdate) X(C_DecryptDigestUpdate) X(C_SignEncryptUpdate) X(C_DecryptVerifyUpdate) \
    X(C_GenerateKey) X(C_GenerateKeyPair) X(C_WrapKey) X(C_UnwrapKey) X(C_DeriveKey) X(C_SeedRandom) \
    X(C_GenerateRandom) X(C_GetFunctionStatus) X(C_CancelFunction) X(C_WaitForSlotEvent)

#define AS_INDEX(name) F_##name,
enum { FUNCTIONS(AS_INDEX) FUNCTION_COUNT, ANY = FUNCTION_COUNT };

#endif
