// Runs a fuzz target without libFuzzer: on the files that are named, or on seeded random inputs.
//
//   fuzz_x                    as a test: a fixed number of inputs
//   fuzz_x --inputs N [SEED]  as many as wanted, from that seed on
//   fuzz_x FILE...            what a fuzzer found
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr unsigned long inputs_as_a_test = 3'000;

/// Mostly short inputs, some long; mostly small values, since lengths, ids and types are small.
std::vector<std::uint8_t> make_input(std::uint32_t seed)
{
    std::mt19937 random(seed);
    std::vector<std::uint8_t> input(random() % (random() % 4 == 0 ? 4'000 : 400));
    const auto small_one_in = 1 + random() % 8;
    for (auto& octet : input) {
        octet = static_cast<std::uint8_t>(random());
        if (random() % small_one_in == 0)
            octet %= 8;
    }
    return input;
}

int run_files(int count, char** names)
{
    for (int i = 0; i < count; ++i) {
        std::ifstream file(names[i], std::ios::binary);
        if (!file) {
            std::fprintf(stderr, "cannot read %s\n", names[i]);
            return 2;
        }
        const std::vector<char> input{std::istreambuf_iterator<char>(file), {}};
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    }
    return 0;
}

volatile std::uint32_t current_seed = 0;

/// Names the input that failed, or that takes a minute; run it again with --inputs 1 SEED.
extern "C" void name_the_seed(int signal_number)
{
    const std::uint32_t seed = current_seed;
    std::fprintf(stderr, "%s with seed %u\n", signal_number == SIGALRM ? "hangs" : "failed", seed);
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

}  // namespace

int main(int argc, char** argv)
{
    unsigned long inputs = inputs_as_a_test;
    std::uint32_t seed = 1;
    if (argc > 2 && std::string_view(argv[1]) == "--inputs") {
        inputs = std::strtoul(argv[2], nullptr, 10);
        seed = argc > 3 ? static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)) : 1;
    } else if (argc > 1) {
        return run_files(argc - 1, argv + 1);
    }
    std::signal(SIGABRT, name_the_seed);
    std::signal(SIGALRM, name_the_seed);
    for (unsigned long i = 0; i < inputs; ++i) {
        current_seed = seed + static_cast<std::uint32_t>(i);
        const auto input = make_input(current_seed);
        ::alarm(60);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    return 0;
}
