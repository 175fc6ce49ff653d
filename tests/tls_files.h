/* A certificate that signs itself, and its key, as PEM files. */
#ifndef VIPD_TESTS_TLS_FILES_H
#define VIPD_TESTS_TLS_FILES_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static inline X509 *tls_certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"node", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_sign(x, key, EVP_sha256());
	return x;
}

static inline void tls_files_make(const char *certificate, const char *key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = tls_certificate(pair);
	FILE *c = fopen(certificate, "we"), *k = fopen(key, "we");

	if (!c || !k || PEM_write_X509(c, x) != 1 || PEM_write_PrivateKey(k, pair, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	fclose(c);
	if (fchmod(fileno(k), 0600))
		abort();
	fclose(k);
	X509_free(x);
	EVP_PKEY_free(pair);
}

#endif
