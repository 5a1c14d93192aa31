"""The server of the article that this project grew from: a sync generator in a StreamingResponse."""

import argparse
import json
import os

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import OpenAI
from pydantic import BaseModel

app = FastAPI()
client = OpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key="bench")


class ChatRequest(BaseModel):
    model: str
    messages: list[dict[str, str]]
    stream: bool = False


@app.get("/")
def root():
    return {"status": "ok"}


@app.post("/chat")
def chat(request: ChatRequest):
    def generate():
        stream = client.chat.completions.create(model=request.model, messages=request.messages, stream=True)
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield f"data: {json.dumps({'text': chunk.choices[0].delta.content})}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(generate(), media_type="text/event-stream")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port, log_level="error")
