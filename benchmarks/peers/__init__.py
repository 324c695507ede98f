"""The workloads of benchmarks/micro.py, in Croton and in each library it is compared with."""
