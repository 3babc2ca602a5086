#include "read_certificate.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <ctime>

namespace penstock::tls {
namespace {

namespace ip = boost::asio::ip;

/// Peer text: what could move a terminal's cursor or end a string early becomes '?'.
std::string printable(const ASN1_STRING* text)
{
    if (text == nullptr)
        return {};
    unsigned char* utf8 = nullptr;
    const int length = ASN1_STRING_to_UTF8(&utf8, text);
    if (length < 0)
        return {};
    const std::unique_ptr<unsigned char, decltype([](unsigned char* p) { OPENSSL_free(p); })> owner(
        utf8
    );
    std::string out(utf8, utf8 + length);
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?'
    );
    return out;
}

std::string name_entry(const X509_NAME* name, int at)
{
    return printable(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string address_text(const ASN1_OCTET_STRING* octets)
{
    const auto* const data = ASN1_STRING_get0_data(octets);
    if (ASN1_STRING_length(octets) == 4) {
        ip::address_v4::bytes_type bytes{};
        std::copy_n(data, bytes.size(), bytes.begin());
        return ip::address_v4(bytes).to_string();
    }
    if (ASN1_STRING_length(octets) == 16) {
        ip::address_v6::bytes_type bytes{};
        std::copy_n(data, bytes.size(), bytes.begin());
        return ip::address_v6(bytes).to_string();
    }
    return {};
}

void read_alternative_names(const X509* from, certificate& into)
{
    const general_names_ptr names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(from, NID_subject_alt_name, nullptr, nullptr))
    );
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS)
            into.dns_names.push_back(printable(name->d.dNSName));
        else if (name->type == GEN_EMAIL)
            into.mails.push_back(printable(name->d.rfc822Name));
        else if (name->type == GEN_IPADD)
            into.addresses.push_back(address_text(name->d.iPAddress));
    }
}

std::chrono::system_clock::time_point time_point_of(const ASN1_TIME* time)
{
    std::tm fields{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1)
        return {};
    using namespace std::chrono;
    const year_month_day date(
        year(fields.tm_year + 1900),
        month(static_cast<unsigned>(fields.tm_mon + 1)),
        day(static_cast<unsigned>(fields.tm_mday))
    );
    return sys_days(date) + hours(fields.tm_hour) + minutes(fields.tm_min) + seconds(fields.tm_sec);
}

}  // namespace

std::string display_name(const X509_NAME* name)
{
    if (name == nullptr || X509_NAME_entry_count(name) == 0)
        return {};
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    return name_entry(name, std::max(at, 0));
}

certificate read_certificate(const X509* from)
{
    certificate out;
    const auto* const subject = X509_get_subject_name(from);
    if (const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0)
        out.common_name = name_entry(subject, at);
    out.issuer_name = display_name(X509_get_issuer_name(from));
    read_alternative_names(from, out);
    X509_digest(from, EVP_sha256(), out.sha256.data(), nullptr);
    out.not_before = time_point_of(X509_get0_notBefore(from));
    out.not_after = time_point_of(X509_get0_notAfter(from));
    return out;
}

}  // namespace penstock::tls
