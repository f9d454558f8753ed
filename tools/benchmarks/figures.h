// Figures of a measurement: percentiles, and one JSON object on standard output.
#ifndef DOORSTEP_TOOLS_BENCHMARKS_FIGURES_H_
#define DOORSTEP_TOOLS_BENCHMARKS_FIGURES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace doorstep::benchmarks {

// CLOCK_MONOTONIC in seconds.
double Seconds();

// The value below which `share` (0 to 1) of `values` lie; nearest rank. 0 for no values.
double Percentile(std::vector<double> values, double share);

// User and system time a process has used so far, in seconds; 0 when it is gone.
double CpuSeconds(int pid);

// Bytes that this process has sent to the disk so far, whole pages as the system counts them.
double DiskBytesWritten();

using Figures = std::vector<std::pair<std::string, double>>;

// {"name": value, ...} and a newline.
void Print(const Figures& figures);

// Prints "Error: message" and ends the program with status 1.
[[noreturn]] void Fail(const std::string& message);

}  // namespace doorstep::benchmarks

#endif  // DOORSTEP_TOOLS_BENCHMARKS_FIGURES_H_
