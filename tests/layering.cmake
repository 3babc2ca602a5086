# Fails if a file of LAYER includes a penstock header outside VISIBLE or, when PURE, includes or names anything that
# can perform I/O, read a clock or start a thread. A few Asio headers are allowed there: buffers and IP addresses and
# networks are value types, and Beast's HTTP parser needs the first.
cmake_minimum_required(VERSION 3.25)
string(REPLACE "," ";" VISIBLE "${VISIBLE}")
set(value_types "boost/asio/(buffer|ip/address|ip/address_v[46]|ip/network_v[46])\\.hpp")
string(CONCAT io_headers
    "boost/(asio|log|beast/(core|ssl|websocket))|<(sys|net|netinet|arpa|netdb)[/.]"
    "|<(thread|mutex|shared_mutex|condition_variable|future|semaphore|fstream|iostream|cstdio|filesystem|unistd.h|fcntl.h|poll.h)>"
)
string(CONCAT io_names
    "::now\\(|std::(this_thread|jthread|mutex|random_device|cout|cerr)|getaddrinfo|gettimeofday|clock_gettime"
    "|[^a-z_](fopen|BIO_new_file|SSL_CTX_use_certificate_file|SSL_CTX_use_PrivateKey_file|SSL_set_fd)\\("
)
file(GLOB_RECURSE files ${ROOT}/src/${LAYER}/*.?pp ${ROOT}/include/penstock/${LAYER}/*.hpp)
foreach(file IN LISTS files)
    file(STRINGS ${file} includes REGEX "^[ \t]*#[ \t]*include")
    list(FILTER includes EXCLUDE REGEX ${value_types})
    foreach(line IN LISTS includes)
        if(line MATCHES "[<\"]penstock/([a-z0-9_]+)/" AND NOT CMAKE_MATCH_1 IN_LIST VISIBLE)
            message(SEND_ERROR "${file}: ${LAYER} may not include ${CMAKE_MATCH_1}: ${line}")
        elseif(PURE AND line MATCHES "${io_headers}")
            message(SEND_ERROR "${file}: ${LAYER} does no I/O: ${line}")
        endif()
    endforeach()
    if(PURE)
        file(STRINGS ${file} code)
        list(FILTER code EXCLUDE REGEX "^[ \t]*//")
        foreach(line IN LISTS code)
            if(line MATCHES "${io_names}")
                message(SEND_ERROR "${file}: ${LAYER} is PURE: ${line}")
            endif()
        endforeach()
    endif()
endforeach()
