// A certificate made for the test, and one TLS connection served with it.
#pragma once

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace renvoi::net {

// Self-signed, for one host name, with its key. Never written anywhere but where the test puts `pem()` and `key_pem()`.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& host, long valid_from_s = -3'600, long valid_to_s = 3'600) {
    key_ = EVP_EC_gen("P-256");
    certificate_ = X509_new();
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), valid_to_s);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(certificate_, name);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + host).c_str());
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate_, key_, EVP_sha256());
  }
  ~TestCertificate() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  std::string pem() const {
    return written([&](BIO* memory) { PEM_write_bio_X509(memory, certificate_); });
  }
  std::string key_pem() const {
    return written([&](BIO* memory) { PEM_write_bio_PrivateKey(memory, key_, nullptr, nullptr, 0, nullptr, nullptr); });
  }

  // Speaks TLS on a connected socket: reads one request, sends `answer`. What the client asked for as server name
  // (SNI) is returned, or "" when the handshake failed.
  std::string serve(int socket, std::string_view answer) const {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), certificate_);
    SSL_CTX_use_PrivateKey(context.get(), key_);
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
    SSL_set_fd(tls.get(), socket);
    if (SSL_accept(tls.get()) != 1) {
      ERR_clear_error();
      return "";
    }
    char request[4'096];
    SSL_read(tls.get(), request, sizeof request);
    SSL_write(tls.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(tls.get());
    const char* name = SSL_get_servername(tls.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "none" : name;
  }

 private:
  template <typename Write>
  static std::string written(Write write) {
    BIO* memory = BIO_new(BIO_s_mem());
    write(memory);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    return text;
  }

  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
};

}  // namespace renvoi::net
